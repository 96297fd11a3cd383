"""The rules of the house: which room imports which, what the firmware may use, how long a file may be."""

import ast
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
DEVICE_SIDE = ROOT / "hwsim/enose_hwsim/board/device_side"

# Each room, and the rooms it may import.
ROOMS = {
    "enose_contract": (ROOT / "firmware/enose_contract", set()),
    "enose_device": (ROOT / "firmware/enose_device", {"enose_contract"}),
    "enose_boot": (ROOT / "firmware/enose_boot", {"enose_device"}),  # starts it; outlives it, so shares nothing
    "enose_hwsim": (ROOT / "hwsim/enose_hwsim", {"enose_contract"}),
    "enose": (ROOT / "host/enose", {"enose_contract", "enose_hwsim"}),
}
LONGEST_FILE = 400  # lines
HARDWARE = {"machine", "rp2", "esp32"}  # the last two are of one port of MicroPython each


def sources(folder: Path) -> list[Path]:
    """The Python files of a folder. A folder without any is an error: a check of nothing would pass."""
    found = sorted(folder.rglob("*.py"))
    assert found, f"{folder} holds no Python files"
    return found


def imported(source: Path) -> set[str]:
    """The top-level names of all modules that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def float_uses(tree: ast.AST) -> list[str]:
    """Where a syntax tree divides, or writes or makes a float."""
    found = []
    for node in ast.walk(tree):
        divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        makes = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
        if divides or literal or makes:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    folder, may_import = ROOMS[room]
    wrong = {
        str(source.relative_to(ROOT)): sorted(bad)
        for source in sources(folder)
        if DEVICE_SIDE not in source.parents  # runs in the firmware's process, and starts it
        if (bad := imported(source) & (set(ROOMS) - {room} - may_import))
    }
    assert not wrong


def test_only_main_and_the_ports_import_the_hardware() -> None:
    device, _ = ROOMS["enose_device"]
    contract, _ = ROOMS["enose_contract"]
    assert {source.name: found for source in sources(device) if (found := imported(source) & HARDWARE)} == {
        "gate.py": {"rp2"},
        "main.py": {"machine"},
        "on_esp32.py": {"machine", "esp32"},
        "on_rp2.py": {"machine", "rp2"},
    }
    assert not [source for source in sources(contract) if imported(source) & HARDWARE]


def test_the_contract_computes_in_integers() -> None:
    contract, _ = ROOMS["enose_contract"]
    found = {
        source.name: uses
        for source in sources(contract)
        # the write-verify step, tested in single precision; and the length of a pulse, whose 40 ns are far above it
        if source.name not in ("pulses.py", "lesson.py")
        if (uses := float_uses(ast.parse(source.read_text())))
    }
    assert not found


@pytest.mark.parametrize("text", ["x = 0.5", "x = a / b", "x /= 2", "x = float(y)", "x = 1e3"])
def test_a_float_is_found(text: str) -> None:
    assert float_uses(ast.parse(text))


def test_integer_arithmetic_is_no_float() -> None:
    assert not float_uses(ast.parse("x = (a // b + 3) % 7 >> 2"))


def test_no_two_names_differ_in_case_only() -> None:
    """They would be one file where a checkout is on Windows or macOS."""
    for room in ("docs", "boards", "bench", "tests", "firmware", "host", "hwsim", "packaging"):
        names = [str(found.relative_to(ROOT)).lower() for found in (ROOT / room).rglob("*")]
        assert names, f"{room} is empty"
        assert len(names) == len(set(names))


def test_no_file_is_too_long() -> None:
    folders = [folder for folder, _ in ROOMS.values()] + [ROOT / "tests"]
    lengths = {source: len(source.read_text().splitlines()) for folder in folders for source in sources(folder)}
    assert not {str(source.relative_to(ROOT)): n for source, n in lengths.items() if n > LONGEST_FILE}


def test_the_lock_pins_every_dependency_and_names_no_index() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["build-system"]["requires"]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(line.split(" ")[0].split("==") for line in lock.splitlines() if line[:1].isalnum())
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement
    assert "://" not in lock
