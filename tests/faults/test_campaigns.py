"""Seeded subsets of bench/campaigns, through their own commands; and that each of them finds what is broken."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from enose_hwsim.board.process import firmware_folder

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 110  # less than pytest's own for a test
pytestmark = pytest.mark.usefixtures("micropython")


def started(name: str, *options: str, firmware: str = "") -> subprocess.CompletedProcess[str]:
    """firmware: a folder for the simulated board, which starts the one that Python finds first."""
    path = os.pathsep.join(filter(None, (firmware, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-m", f"bench.campaigns.{name}", "--jobs", "1", *options]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def ran(name: str, cases: int, *options: str, firmware: str = "") -> tuple[int, dict[str, Any], dict[str, Any]]:
    """The exit code, the whole answer, and its figures by item."""
    done = started(name, "--cases", str(cases), "--seed", "7", "--json", *options, firmware=firmware)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert answer["simulated"] is True
    return done.returncode, answer, {row["item"]: row["here"] for row in answer["rows"]}


def missed(answer: dict[str, Any]) -> list[str]:
    return [row["item"] for row in answer["rows"] if not row["ok"]]


def broken(tmp_path: Path, file: str, good: str, bad: str) -> str:
    """A copy of the firmware with one line made wrong."""
    folder = tmp_path / "firmware"
    shutil.copytree(firmware_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = (folder / file).read_text(encoding="utf-8")
    assert source.count(good) == 1
    (folder / file).write_text(source.replace(good, bad), encoding="utf-8")
    return str(folder)


def test_power_cuts() -> None:
    code, answer, figures = ran("power_cut", 600)
    assert (code, missed(answer)) == (0, [])
    assert figures["cases"] >= 600
    assert figures["cases with a second cut"] > 100
    assert all(figures[f"states, {kind}"] > 0 for kind in ("image", "tried", "fit", "key"))


REMOVES_FIRST = """\
            if self.generation and name in SLOTS:
                self._fs.remove(SLOTS[self.slot])
            with self._fs.open(name, "wb") as file:"""
PROGRAMMED = "writeblocks(self._flash.key_block, page,"
ERASED = "                self._flash.ioctl(6, self._block(page))\n"


@pytest.mark.parametrize(
    ("file", "good", "bad", "kind"),
    [
        ("store.py", '            with self._fs.open(name, "wb") as file:', REMOVES_FIRST, "lost"),
        ("store.py", "generation > self.generation", "generation < self.generation", "mixed"),
        ("log.py", ERASED, ERASED + ERASED.replace("self._block(page)", "self._block((page + 32) % 64)"), "log"),
        ("log.py", "self.next = newest + 1", "self.next = newest", "log"),
        ("key.py", "self._damaged = False", "self._damaged = partition.ioctl(6, partition.key_block) > 0", "settings"),
        ("key.py", PROGRAMMED, PROGRAMMED.replace("page", "bytes(PAGE)"), "bricked"),
        ("fitted.py", 'struct.pack("<I", crc32(packed)', 'struct.pack("<I", 7 * crc32(packed)', "settings"),
    ],
    ids=[
        "the old image is removed first", "the older image is taken", "another block is erased as well",
        "numbers come twice", "the key is erased at the start",
        "another key", "a wrong sum",
    ],
)  # fmt: skip
def test_power_cuts_find_a_firmware_that_loses_what_it_has_stored(
    tmp_path: Path, file: str, good: str, bad: str, kind: str
) -> None:
    folder = broken(tmp_path, f"enose_device/{file}", good, bad)
    # each of these is found by half as many, too
    code, answer, _ = ran("power_cut", 300, "--firmware", folder)
    assert code == 1
    assert kind in [one["failure"][0] for one in answer["failures"]]


def test_fuzzed_frames() -> None:
    code, answer, figures = ran("fuzz", 30_000)
    assert (code, missed(answer)) == (0, [])
    assert figures["frames"] >= 30_000
    assert figures["codes to converters"] > 1000
    assert figures["inputs driven into the chip"] > 0
    assert figures["replies, upload commit"] > 0
    assert figures["replies, key"] > 0
    assert figures["restarts out of the safe mode"] > 0


@pytest.mark.parametrize(
    ("file", "good", "bad", "item"),
    [
        ("enose_contract/frames.py", "n < HEADER_SIZE + CRC_SIZE", "n < 0", "faults that no host asked for"),
        ("enose_contract/frames.py", "self._length >= MAX_FRAME", "self._length >= 100", "good frames"),
        ("enose_device/converters/ad5676r.py", "self._low[channel], self._high[channel] =",
         "self._low[channel], self._high[channel] = 0, 65535\n        unused =", "unsafe codes to a converter"),
    ],
    ids=["short frames", "long frames", "codes out of range are let through"],
)  # fmt: skip
def test_fuzzed_frames_find_what_is_broken(tmp_path: Path, file: str, good: str, bad: str, item: str) -> None:
    folder = broken(tmp_path, file, good, bad)
    if item == "unsafe codes to a converter":  # both guards have to fail
        weights = Path(folder, "enose_device/chips/held.py")
        text = weights.read_text(encoding="utf-8")
        guard = "return self._weight_min_uv <= weight <= self._weight_max_uv"
        assert guard in text
        weights.write_text(text.replace(guard, "return True"), encoding="utf-8")
    # each of these is found by half as many, too
    code, answer, _ = ran("fuzz", 10_000, "--firmware", folder)
    assert code == 1
    assert item in missed(answer)


def test_uploads() -> None:
    code, answer, figures = ran("uploads", 250)
    assert (code, missed(answer)) == (0, [])
    assert figures["power cuts"] > 10
    assert figures["safe modes after three of them, cleared"] > 0
    assert figures["uploads, sealed"] == 125
    assert figures["older, unsealed and forged images sent"] > 10
    assert figures["frames that met a fault"] == pytest.approx(15, abs=2)  # 15 % of 4000 frames, +-0.6 % at one sigma


@pytest.mark.parametrize(
    ("file", "good", "bad", "item"),
    [
        ("store.py", "if self.generation and self._read(self.slot) ==", "if 0 ==", "stored more than once"),
        ("sealing.py", "if counter <= store.counter:", "if counter == 0:",
         "older, unsealed and forged images taken"),
        ("chips/held.py", "weights_uv[k])", "weights_uv[0])", "other weights on the chip"),
        ("link.py", "if session != self._session or session == 0:", "if session == 7:", "refused"),
        ("link.py", "frame = self.frames.feed(self._byte[0])", "frame = None", "not converged"),
        ("app.py", "model if image else bytes(8)", "calibration if image else bytes(8)", "another image in force"),
    ],
    ids=["an image is stored again", "an older image is taken", "a wrong weight", "no session is ever lost",
         "nobody answers", "a wrong model"],
)  # fmt: skip
def test_uploads_find_what_is_broken(tmp_path: Path, file: str, good: str, bad: str, item: str) -> None:
    # thirty attempts of five tries each; the power that goes between a commit and its reply is rare
    cases = {"not converged": 2, "stored more than once": 250}.get(item, 60)
    code, answer, _ = ran("uploads", cases, "--firmware", broken(tmp_path, f"enose_device/{file}", good, bad))
    assert code == 1
    assert item in missed(answer)


def test_hours() -> None:
    code, answer, figures = ran("hours", 24)
    assert (code, missed(answer)) == (0, [])
    assert figures["24 min, leak / 10: refreshes"] > 2000
    assert figures["1 min, leak / 1: refreshes"] > 1000


def test_heap_sizes() -> None:
    code, answer, figures = ran("heap", 32)  # every 4 KiB: the safe state has some nine of them
    assert (code, missed(answer)) == (0, [])
    assert all(figures[end] > 0 for end in ("did not load", "safe state", "success"))


LEAKED = "self.done += 1\n            self.leaked = getattr(self, 'leaked', b'') + b'x' * (self.done % 2)"


@pytest.mark.parametrize(
    ("name", "cases", "file", "good", "bad", "items"),
    [
        ("heap", 1, "link.py", "frame = self.frames.feed(self._byte[0])", "frame = None", {"other ends"}),
        ("heap", 1, "images.py", "self.check(image)", "raise ValueError", {"the board's own heap"}),
        # as a crash inside the file system looks from outside
        ("heap", 1, "store.py", "    n = FILE_ROOM\n", "    raise SystemExit\n", {"other ends"}),
        ("heap", 1, "images.py", "self.check(image)", "raise weight_image.ImageError(5)", {"other ends"}),
        ("hours", 24, "refresh.py", "self.period_ms = refresh_ms(", "self.period_ms = 3 * refresh_ms(",
         {"1 min, leak / 1: refreshes missed", "24 min, leak / 10: worst weight error"}),
        ("hours", 24, "refresh.py", "self.done += 1", LEAKED,
         {"1 min, leak / 1: free memory", "24 min, leak / 10: free memory"}),
    ],
    ids=["silent", "safe", "the interpreter ends", "refused", "late refreshes", "a leak"],
)  # fmt: skip
def test_a_whole_board_that_is_broken_is_found(
    tmp_path: Path, name: str, cases: int, file: str, good: str, bad: str, items: set[str]
) -> None:
    code, answer, _ = ran(name, cases, firmware=broken(tmp_path, f"enose_device/{file}", good, bad))
    assert code == 1
    assert items <= set(missed(answer))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--cases", "0"), "--cases 0: at least 1"),
        (("--seed", "-1"), "--seed -1: at least 0"),
        (("--jobs", "0"), "--jobs 0: at least 1"),
        (("--firmware", "tests"), "--firmware tests: no enose_device/main.py in it"),
    ],
)
def test_bad_usage_is_one_line(options: tuple[str, ...], text: str) -> None:
    done = started("power_cut", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith(text)


def test_an_interpreter_that_ends_is_a_failure_with_its_last_words(tmp_path: Path) -> None:
    folder = broken(tmp_path, "enose_device/partition.py", "KEY_BLOCKS = 1\n", "raise KeyError('out')\n")
    for name in ("power_cut", "uploads"):
        done = started(name, "--cases", "10", "--firmware", folder)
        assert done.returncode == 1
        assert "KeyError: out" in done.stderr


def test_a_device_that_does_not_read_is_a_failure(tmp_path: Path) -> None:
    folder = broken(tmp_path, "enose_device/linked.py", "self.link.serve(self.rest(wait_ms))", "pass")
    done = started("fuzz", "--cases", "10", "--firmware", folder)
    assert done.returncode == 1
    assert "MicroPython has ended or hangs" in done.stderr


def test_a_board_that_does_not_answer_for_hours_is_a_failure(tmp_path: Path) -> None:
    folder = broken(tmp_path, "enose_device/link.py", "frame = self.frames.feed(self._byte[0])", "frame = None")
    done = started("hours", "--cases", "24", firmware=folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "error: hours, seed 1: leak / 10, at 12 s: simulated board: no answer"
    )


def test_without_an_interpreter_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "ENOSE_MICROPYTHON", "nowhere")
    done = started("power_cut", "--cases", "10")
    assert done.returncode == 2
    assert "no MicroPython at nowhere" in done.stderr
