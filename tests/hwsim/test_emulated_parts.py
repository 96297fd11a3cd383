"""What of the emulated Pico needs no UF2: the boot ROM's arithmetic, the UF2 format, what is missing."""

import importlib.util
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from enose_hwsim.board.emulated.interpreter import (
    FOLDER,
    EmulatorMissing,
    find_emulator,
    find_node,
    write_interpreter,
)
from enose_hwsim.board.emulated.uf2 import FLASH_SIZE, RP2040, flash_of
from enose_hwsim.mcu.uf2 import HEADER, MAGIC, Uf2Error

# The functions by their place in the boot ROM's table (RP2040 data sheet, section 2.8.3.2).
ADD, SUB, MUL, DIV, SQRT, TO_INT, TO_UINT, FROM_INT, FROM_UINT = 0, 1, 2, 3, 6, 7, 9, 11, 13
COSINE, FROM_INT64, FROM_UINT64, TO_INT64, TO_UINT64, CONVERT = 15, 23, 25, 27, 29, 31
CALL = """
import {{ readFileSync }} from 'node:fs';
import {{ doubles, floats }} from '{folder}/romfloat.mjs';
const tables = {{ f: floats(), d: doubles() }};
for (const [table, place, registers] of JSON.parse(readFileSync(0))) {{
  const r = Uint32Array.from(registers);
  tables[table][place](r);
  console.log([...r].join(' '));
}}
"""


def call_rom(cases: list[tuple[str, int, bytes]]) -> list[bytes]:
    """The registers r0 and r1 after each call of (table, place, registers)."""
    try:
        node = find_node()
    except EmulatorMissing as missing:
        pytest.skip(str(missing))
    calls = [(table, place, struct.unpack("<4I", registers.ljust(16, b"\0"))) for table, place, registers in cases]
    script = CALL.format(folder=FOLDER)
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], input=json.dumps(calls), capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return [struct.pack("<2I", *map(int, line.split()[:2])) for line in done.stdout.splitlines()]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of the overflows and divisions by zero that are meant
@pytest.mark.parametrize(("table", "kind", "other"), [("f", np.float32, np.float64), ("d", np.float64, np.float32)])
def test_the_boot_roms_arithmetic_is_ieees(table: str, kind: type[np.floating], other: type[np.floating]) -> None:
    rng = np.random.default_rng(0)
    values = [*(rng.normal(size=20) * 10.0 ** rng.integers(-30, 30, 20)), 0.0, 1.0, -1.5, np.inf]
    pairs = [(kind(a), kind(b)) for a in values for b in values]
    operations = {ADD: np.add, SUB: np.subtract, MUL: np.multiply, DIV: np.divide}
    cases = [(table, place, a.tobytes() + b.tobytes()) for place in operations for a, b in pairs]
    expected = [kind(f(a, b)).tobytes() for f in operations.values() for a, b in pairs]
    for value in map(kind, np.abs(values)):
        cases += [(table, SQRT, value.tobytes()), (table, CONVERT, value.tobytes())]
        expected += [np.sqrt(value).tobytes(), other(value).tobytes()]
    for number in (0, 1, -1, 123_456_789, -(2**31), 2**31 - 1):
        cases += [(table, FROM_INT, struct.pack("<i", number)), (table, FROM_INT64, struct.pack("<q", number << 20))]
        expected += [kind(number).tobytes(), kind(number << 20).tobytes()]
    cases += [(table, FROM_UINT, b"\xff" * 4), (table, FROM_UINT64, b"\xff" * 8)]
    expected += [kind(2**32 - 1).tobytes(), kind(2**64 - 1).tobytes()]
    for result, wanted in zip(call_rom(cases), expected, strict=True):
        values = [
            np.frombuffer(raw[: len(wanted)], kind if len(wanted) == kind().itemsize else other)[0]
            for raw in (result, wanted)
        ]
        assert result.startswith(wanted) or np.isnan(values).all()  # a NaN has many spellings


@pytest.mark.parametrize(("table", "kind"), [("f", np.float32), ("d", np.float64)])
def test_the_boot_rom_rounds_down_and_clamps(table: str, kind: type[np.floating]) -> None:
    # RP2040 data sheet, section 2.8.3.2: to integers it rounds towards minus infinity and clamps
    wanted = {
        (TO_INT, -1.5): struct.pack("<i", -2),
        (TO_INT, 1e20): struct.pack("<i", 2**31 - 1),
        (TO_INT, -1e20): struct.pack("<i", -(2**31)),
        (TO_UINT, 2.75): struct.pack("<I", 2),
        (TO_UINT, -1.0): struct.pack("<I", 0),
        (TO_UINT, 1e20): struct.pack("<I", 2**32 - 1),
        (TO_INT64, -1.5): struct.pack("<q", -2),
        (TO_INT64, 1e30): struct.pack("<q", 2**63 - 1),
        (TO_INT64, np.nan): struct.pack("<q", 0),
        (TO_UINT64, -1.0): struct.pack("<Q", 0),
        (TO_UINT64, 1e30): struct.pack("<Q", 2**64 - 1),
    }
    results = call_rom([(table, place, kind(value).tobytes()) for place, value in wanted])
    for result, expected in zip(results, wanted.values(), strict=True):
        assert result.startswith(expected)


def test_a_function_that_the_stand_in_lacks_is_named() -> None:
    with pytest.raises(AssertionError, match="floating-point function 'cos' is not in the stand-in"):
        call_rom([("f", COSINE, b"")])


def block(**changes: int) -> bytes:
    facts = {"first": MAGIC[0], "flags": 0x2000, "address": 0x1000_0000, "count": 256, "family": RP2040} | changes
    head = (facts["first"], MAGIC[1], facts["flags"], facts["address"], facts["count"], 0, 1, facts["family"])
    return HEADER.pack(*head) + bytes(range(256)) + bytes(220) + struct.pack("<I", 0x0AB16F30)


def test_a_uf2_becomes_the_flash_that_it_describes(tmp_path: Path) -> None:
    path = tmp_path / "two.uf2"
    path.write_bytes(block(address=0x1000_0100) + block(address=0x1000_1000, flags=0x2001))
    flash = flash_of(path)
    assert len(flash) == FLASH_SIZE
    assert flash[0x100:0x200] == bytes(range(256))
    assert set(flash[:0x100] + flash[0x200:]) == {0xFF}  # the second block is not for the main flash


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "0 bytes, a UF2 has whole blocks of 512"),
        (block()[:-1], "511 bytes, a UF2 has whole blocks of 512"),
        (block() + block(first=0x1234), "block 1 begins with 0x00001234"),
        (block(family=0xE48BFF59), "block 0 is for family 0xe48bff59, the RP2040's is 0xe48bff56"),
        (block(address=0x0FFF_FFFF), "block 0 puts 256 bytes at 0x0fffffff"),
        (block(address=0x101F_FF01), "block 0 puts 256 bytes at 0x101fff01"),
        (block(count=477), "block 0 puts 477 bytes at 0x10000000"),
    ],
)
def test_a_file_that_is_no_uf2_for_a_pico_is_refused_by_name(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "bad.uf2"
    path.write_bytes(raw)
    with pytest.raises(Uf2Error, match=why) as caught:
        flash_of(path)
    assert str(path) in str(caught.value)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(EmulatorMissing, match=r"no rp2040js in .*: run `make emulator`"):
        write_interpreter(tmp_path / "pico", tmp_path / "flash.bin")
    (tmp_path / "emulator" / "node_modules" / "rp2040js").mkdir(parents=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmulatorMissing, match="no `node`"):
        find_emulator()
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    assert find_emulator() == (str(node), tmp_path / "emulator" / "node_modules")


CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
SUITE = """
import pytest

@pytest.mark.uf2
def test_needs_a_uf2(uf2_path): pass

def test_forgot_the_marker(uf2_path): pass
"""


def test_in_ci_only_a_marked_test_may_go_without_a_uf2(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\nmarkers = uf2: needs a UF2")
    monkeypatch.setenv("ENOSE_UF2", "/nowhere/pico.uf2")
    monkeypatch.setenv("CI", "true")
    result = pytester.runpytest_subprocess("-n0")
    result.assert_outcomes(skipped=1, errors=1)
    result.stdout.fnmatch_lines(["*no UF2: /nowhere/pico.uf2*in CI a skipped test has failed*"])
    result.stdout.fnmatch_lines(["*1 `uf2` tests skipped for want of UF2*"])
