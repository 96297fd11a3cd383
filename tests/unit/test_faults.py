"""The table of faults, the names and times that it is asked with, and the page made from it."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.cli.main import BAD_INPUT, run
from enose_hwsim.board.faults.document import document, where_tested
from enose_hwsim.board.faults.fault import SIDES, instead, parse
from enose_hwsim.board.faults.injection import fault_named
from enose_hwsim.board.faults.table import BY_NAME, FAULTS

ROOT = Path(__file__).resolve().parents[2]


def test_every_number_of_the_matrix_has_a_fault_and_every_name_is_one() -> None:
    assert sorted({fault.number for fault in FAULTS}) == list(range(1, 55))
    assert len(BY_NAME) == len(FAULTS)
    assert {fault.side for fault in FAULTS} == set(SIDES)
    assert [fault.number for fault in FAULTS] == sorted(fault.number for fault in FAULTS)


def test_only_what_is_the_hosts_own_affair_cannot_be_injected() -> None:
    assert {fault.side for fault in FAULTS if not fault.row["injectable"]} == {"host"}
    assert all(not fault.row["injectable"] for fault in FAULTS if fault.side == "host")


def test_the_page_is_the_table() -> None:
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == document()


@cache
def collected(every: str) -> list[str]:
    """The ids of the whole matrix: asked for at once, for a second of each time goes into pytest's start."""
    files = [f"tests/faults/test_matrix_{side}.py" for side in SIDES]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "ENOSE_EVERY_PHASE": every}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize(("every", "each"), [("", 1), ("1", 7)])
@pytest.mark.parametrize("side", SIDES)
def test_every_fault_has_the_tests_that_the_page_names(side: str, every: str, each: int) -> None:
    """In each of the seven phases, but for those that have one moment only; on the second board, each in `make test`.

    A fault that only a memristor can have has no second board.
    """
    ids = "\n".join(line for line in collected(every) if f"/test_matrix_{side}.py::" in line)
    assert ids
    for fault in FAULTS:
        if fault.side != side or fault.tested:
            continue
        assert where_tested(fault) == f"`test_matrix_{side}.py -k {fault.number}-{fault.name}`"
        own = re.findall(rf"\[{fault.number}-{fault.name}-in-(\w+)(-on-pico-memristor)?\]", ids)
        alone = ids.count(f"{fault.number}-{fault.name}") or ids.count(f"test_{fault.number}_")
        if fault.number in (44, 47, 48, 49):
            assert alone
            continue
        assert len({phase for phase, elsewhere in own if not elsewhere}) == 7
        assert len([phase for phase, elsewhere in own if elsewhere]) == (0 if fault.kind else each)


def test_tests_that_are_elsewhere_are_there() -> None:
    elsewhere = [fault for fault in FAULTS if fault.tested]
    assert {fault.number for fault in elsewhere} == {50, 52, 54}
    for fault in elsewhere:
        assert (ROOT / fault.tested).is_file()


@given(name=st.from_regex(r"[a-z][a-z0-9-]*", fullmatch=True), at_s=st.floats(0, 1e6))
def test_a_name_and_its_time_are_read(name: str, at_s: float) -> None:
    assert parse(name) == (name, None)
    assert parse(f"{name}@{at_s!r}") == (name, at_s)


@pytest.mark.parametrize("time", ["", "-1", "x", "nan", "inf", "1@2"])
def test_a_time_that_is_none_is_named(time: str) -> None:
    with pytest.raises(ValueError, match=rf"fault 'flood@{time}': time '{time}', expected seconds after the start"):
        parse(f"flood@{time}")


@pytest.mark.parametrize(
    ("name", "words"),
    [("bitflip", "did you mean bit-flip"), ("dac-reset", "did you mean dac-resets"), ("", "--list-faults")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fault_named(name)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("gremlins", "fault 'gremlins': there is none of that name"),
        ("flood@soon", "fault 'flood@soon': time 'soon', expected seconds"),
        ("memristor-stuck", "is one of a board with a memristor chip; pico-mlp has another"),
        ("host-killed", "is no fault of a board: it is tested at the host"),
    ],
)
def test_the_command_line_refuses_it_in_one_line(fault: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "pico-mlp", "--fault", fault]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: --fault: ")
    assert words in err
    assert err.count("\n") == 1


def test_a_board_is_needed_but_for_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim"]) == BAD_INPUT
    assert "a board is missing" in capsys.readouterr().err
    assert run(["sim", "--list-faults"]) == 0
    said = capsys.readouterr().out
    assert all(fault.name in said for fault in FAULTS)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert run(["sim", "--list-faults", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["faults"]
    assert rows == [fault.row for fault in FAULTS]
    assert set(rows[0]) == {"number", "name", "side", "what", "does", "sees", "injectable"}


def test_a_method_that_was_replaced_is_given_back() -> None:
    class Part:
        def level(self) -> int:
            return 1

    part = Part()
    first = instead(part, "level", lambda: 2)
    second = instead(part, "level", lambda: 3)
    assert part.level() == 3
    second()
    assert part.level() == 2
    first()
    assert part.level() == 1
