"""ngspice's driver: closed forms, everything that can go wrong, and that the driver can be used after each of it."""

import _thread
import ctypes
import ctypes.util
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("libngspice")

from enose_hwsim.spice import driver  # noqa: E402 # libngspice is asked for at use, not here
from enose_hwsim.spice.driver import Solver, SpiceError, SpiceMissing  # noqa: E402
from enose_hwsim.spice.pyspice_mending import Ngspice  # noqa: E402

DIVIDER = "* divider\nVin in 0 external\nR1 in out 1k\nR2 out 0 3k"
UNSOLVABLE_ABOVE_A_QUARTER = "* no root\nVx x 0 external\nB1 b 0 i=v(b)*v(b)+(v(x)-0.25)\nR1 b 0 1e9\nR2 x 0 1"


def assert_usable() -> None:
    solution = Solver(DIVIDER).solve({"vin": [1.0, 2.0]}, ["out"])
    np.testing.assert_allclose(solution["out"], [0.75, 1.5], rtol=1e-12)


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def test_divider() -> None:
    vin = np.linspace(-5, 5, 101)
    solver = Solver(DIVIDER + "\n.end\n")
    assert solver.sources == ["vin"]
    solution = solver.solve({"VIN": vin}, ["out", "vin#branch"])
    # Linear: the last two iterates are the same.
    np.testing.assert_allclose(solution["out"], vin * 0.75, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(solution["vin#branch"], -vin / 4000, rtol=1e-12, atol=1e-18)
    assert (solution.stepped, solution.warnings) == ((), ())


def test_diode() -> None:
    v = np.random.default_rng(1).permutation(np.linspace(-0.5, 0.7, 200))
    i = 1e-14 * np.expm1(v / (8.617333e-5 * 300.15)) + 1e-12 * v  # ngspice puts gmin across each junction
    solver = Solver("* diode\nvin in 0 external\nR1 in a 1k\nD1 a 0 dd\n.model dd D is=1e-14")
    # reltol x 0.7 V, and as much again for the digits in which ngspice knows Boltzmann's constant
    np.testing.assert_allclose(solver.solve({"vin": v + 1000 * i}, ["a"])["a"], v, atol=1.4e-6)


def test_external_current_in_a_subcircuit_and_one_value_for_all_samples() -> None:
    solver = Solver("* t\nX1 a cell\nVin b 0 external\nR2 b 0 1\n.subckt cell p\nIx 0 p external\nR1 p 0 2k\n.ends")
    assert sorted(solver.sources) == ["i.x1.ix", "vin"]
    solution = solver.solve({"i.x1.ix": [1e-3, 2e-3], "vin": 5.0}, ["a", "b"])
    np.testing.assert_allclose(solution["a"], [2, 4], rtol=1e-12)
    np.testing.assert_allclose(solution["b"], [5, 5], rtol=1e-12)


def test_no_sources_is_one_sample_and_no_samples_are_none() -> None:
    assert Solver("* t\nV1 a 0 2\nR1 a 0 1").solve({}, ["a"])["a"].tolist() == [2.0]
    assert Solver(DIVIDER).solve({"vin": []}, ["out"])["out"].shape == (0,)


def test_solvers_in_turns_and_changed_outputs() -> None:
    one, other = Solver(DIVIDER), Solver("* t\nvx x 0 external\nR1 x a 1\nR2 a 0 1")
    for _ in range(3):
        assert one.solve({"vin": 4}, ["out"])["out"].tolist() == [3.0]
        assert other.solve({"vx": 4}, ["a"])["a"].tolist() == [2.0]
        assert other.solve({"vx": 4}, ["x"])["x"].tolist() == [4.0]


@pytest.mark.parametrize(
    ("netlist", "words", "line"),
    [
        ("", "title and elements", None),
        ("* t\nR1 a 0 1k fred=3\nV1 a 0 1", "unknown parameter (fred)", "R1 a 0 1k fred=3"),
        ("* t\nX1 a s\nV1 a 0 1\n.subckt s a\nR1 a 0 1k fred=3\n.ends", "(fred)", "R1 a 0 1k fred=3"),
        ("* t\nV1 a 0 1\nD1 a 0 none", "could not find a valid modelname", "D1 a 0 none"),
        ("* t\nV1 a 0 1\nX1 a 0 none", "unknown subckt", "X1 a 0 none"),
        ("* t\nV1 a 0 1\nX1 a s\n.subckt s a b\nR1 a b 1\n.ends", "Too few parameters", None),
        ("* t\n.include no_such_file\nR1 a 0 1", "Could not find include file", None),
        ("* t\nhello world\nR1 a 0 1", "bad syntax", "hello world"),
        ("* t\nV1 a 0 1\n!R1 a 0 1", "will be replaced", "!R1 a 0 1"),
        ("* t\nV1 a 0 1\nV1 a 0 2", "device already exists", None),
        ("* t\nV1 a 0 1\nB1 b 0 v=tanh(v(a)\nR1 b 0 1", "syntax error", "B1 b 0 v=tanh(v(a)"),
        ("* t\nV1 a 0 1\nB1 b 0 v=foo(v(a))\nR1 b 0 1", "no such function 'foo'", "B1 b 0 v=foo(v(a))"),
        ("* t\nV1 a 0 {zz}\nR1 a 0 1", "Undefined parameter [zz]", "V1 a 0 {zz}"),  # ngspice is lost after this one
        ("* t\nV1 a 0 1\n.subckt s a b\nR1 a b 1", "Mismatch of .subckt", None),  # and after this
        ("* t\nV1 a 0 dc 0 external\nR1 a 0 1", "bare `external`", "V1 a 0 dc 0 external"),  # crashes ngspice 39
        ("* t\nV1 a 0 1\nI1 0 b 1u", "node b floats", "I1 0 b 1u"),  # ngspice: 1 uV, and no word
    ],
)
def test_a_netlist_that_does_not_parse(netlist: str, words: str, line: str | None) -> None:
    with pytest.raises(SpiceError) as caught:
        Solver(netlist)
    assert words in str(caught.value)
    if line is not None:
        assert caught.value.netlist_line == line
        assert line in str(caught.value)
    assert_usable()


@pytest.mark.parametrize(
    ("netlist", "words", "line"),
    [
        ("* t\nV1 a 0 1\nR1 a 0", "resistance to low", "R1 a 0"),
        ("* t\nV1 a 0 1\nC1 b 0 1p", "singular matrix", "C1 b 0 1p"),
        ("* t\nV1 a 0 1\nR1 b c 1k", "singular matrix", "R1 b c 1k"),
        ("* t\nV1 a 0 1\nM1 a g 0 0 nm\n.model nm nmos level=1", "singular matrix", "M1 a g 0 0 nm"),
        ("* t\nV1 a 0 1\nV2 a 0 2", "singular matrix", "V1 a 0 1"),
        ("* t\nV1 a 0 1\nB1 b 0 v=v(b)*v(b)+1+v(a)", "without convergence", None),
        ("* t\nV1 a 0 1\nB1 b 0 v=log(v(a)-2)\nR1 b 0 1", "out of range for log", "B1 b 0 v=log(v(a)-2)"),
    ],
)
def test_a_circuit_without_solution(netlist: str, words: str, line: str | None) -> None:
    solver = Solver(netlist)
    with pytest.raises(SpiceError) as caught:
        solver.solve({}, ["a"])
    assert words in str(caught.value)
    if line is not None:
        assert caught.value.netlist_line == line
    assert_usable()


def test_a_sample_without_solution_is_named_and_the_same_solver_goes_on() -> None:
    solver = Solver(UNSOLVABLE_ABOVE_A_QUARTER)
    with pytest.raises(SpiceError, match="sample 2 of 4"):
        solver.solve({"vx": [0, 0.1, 0.3, 0.1]}, ["b"])
    solution = solver.solve({"vx": [0, 0.1]}, ["b"])
    np.testing.assert_allclose(solution["b"], [0.5, np.sqrt(0.15)], atol=1e-6)


def test_a_sample_that_needed_stepping_is_reported() -> None:
    solver = Solver("* t\nvx x 0 external\nB1 a 0 i=1e-3*tanh(30*(v(a)-5*v(x)*v(x)*v(x)))\nR1 a 0 1e6")
    solution = solver.solve({"vx": [0, 0.1, 0.9, 0.901]}, ["a"])
    assert solution.stepped == (2,)
    assert solution.warnings == ()


def test_warnings_about_the_netlist_come_with_every_solution() -> None:
    solver = Solver("* t\nV1 a 0 1\nM1 a a 0 0 nm\n.model nm nmos level=1 fred=3")
    for _ in range(2):
        assert any("fred" in text for text in solver.solve({}, ["a"]).warnings)


@pytest.mark.parametrize("outputs", [["nowhere"], ["out", "nowhere"]])
def test_an_output_that_does_not_exist(outputs: list[str]) -> None:
    solver = Solver(DIVIDER)
    with pytest.raises(SpiceError, match="nowhere: ngspice knows no such node or branch"):
        solver.solve({"vin": [1, 2]}, outputs)
    assert_usable()


@pytest.mark.parametrize("output", ["all", "None"])
def test_an_output_that_is_a_keyword(output: str) -> None:
    with pytest.raises(ValueError, match="takes it for a keyword"):
        Solver(DIVIDER).solve({"vin": 1}, [output])


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({}, "external sources vin: expected exactly vin"),
        ({"vin": 1, "vx": 2}, "external sources vx"),
        ({"vin": [1, np.nan]}, r"vin\[1\] is nan"),
        ({"vin": [np.inf, 0]}, r"vin\[0\] is inf"),
        ({"vin": [[1, 2]]}, r"shapes \[\(1, 2\)\]"),
    ],
)
def test_wrong_sources(sources: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Solver(DIVIDER).solve(sources, ["out"])


def test_sources_of_different_lengths() -> None:
    solver = Solver("* t\nva a 0 external\nvb b 0 external\nR1 a b 1")
    with pytest.raises(ValueError, match="expected one length"):
        solver.solve({"va": [1, 2], "vb": [1, 2, 3]}, ["a"])


def test_time_limit() -> None:
    solver = Solver(DIVIDER)
    with pytest.raises(SpiceError, match=r"sample \d+ of 1000000: 0.05 s have passed"):
        solver.solve({"vin": np.zeros(1_000_000)}, ["out"], limit_s=0.05)
    assert_usable()


def test_time_limit_within_a_sample_that_is_hard_to_solve() -> None:
    solver = Solver(UNSOLVABLE_ABOVE_A_QUARTER)
    with pytest.raises(SpiceError, match="sample 0 of 1: 0 s have passed"):
        solver.solve({"vx": 0.3}, ["b"], limit_s=0.0)
    assert_usable()


def test_ctrl_c_ends_an_analysis() -> None:
    solver = Solver(DIVIDER)
    timer = threading.Timer(0.1, _thread.interrupt_main)
    # a shell starts its background jobs with SIGINT ignored, and Python then leaves it so
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            solver.solve({"vin": np.zeros(4_000_000)}, ["out"], limit_s=60)
        timer.join(10)
    finally:
        signal.signal(signal.SIGINT, before)
    assert_usable()


def test_ctrl_c_while_a_netlist_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Ngspice.load

    def interrupted(self: Ngspice, lines: list[str]) -> list[tuple[int, str]]:
        said = load(self, lines)
        self._failed(KeyboardInterrupt, KeyboardInterrupt(), None)
        return said

    monkeypatch.setattr(Ngspice, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Solver(DIVIDER)
    monkeypatch.undo()
    assert_usable()


def test_threads_take_turns() -> None:
    solver, seen = Solver(DIVIDER), {}

    def work(k: int) -> None:
        seen[k] = [np.allclose(solver.solve({"vin": [k, n]}, ["out"])["out"], [0.75 * k, 0.75 * n]) for n in range(50)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 4
    assert all(all(right) for right in seen.values())


def test_a_thread_that_never_leaves_ngspice() -> None:
    solver = Solver(DIVIDER)
    with driver._turn(1):
        with pytest.raises(SpiceError, match=r"busy: another thread has not left it for 0\.02 s"):
            solver.solve({"vin": 1}, ["out"], limit_s=0.02)
        with pytest.raises(SpiceError, match="busy"):
            Solver(DIVIDER, limit_s=0.02)
    assert_usable()


def test_ten_thousand_analyses_leak_nothing() -> None:
    solver = Solver(DIVIDER)
    for k in range(11_000):
        if k == 1_000:
            before_kib = resident_kib()
        solver.solve({"vin": k}, ["out"])
    assert resident_kib() - before_kib < 1024  # a leak of 100 bytes an analysis would be 1 MB; 50 KB were seen


def test_six_hundred_netlists_and_a_hundred_failures_leak_little() -> None:
    one, other = Solver(DIVIDER), Solver(UNSOLVABLE_ABOVE_A_QUARTER)
    before_kib = resident_kib()
    for _ in range(300):
        one.solve({"vin": 1}, ["out"])
        other.solve({"vx": 0}, ["b"])
    for _ in range(100):
        with pytest.raises(SpiceError):
            other.solve({"vx": 1}, ["b"])
    assert resident_kib() - before_kib < 2048


def test_a_hundred_recoveries_though_others_hold_the_library(libngspice: str) -> None:
    held = ctypes.CDLL(libngspice)
    before_kib = resident_kib()
    for _ in range(100):
        with pytest.raises(SpiceError, match="Undefined parameter"):
            Solver("* t\nV1 a 0 {zz}\nR1 a 0 1")
    assert_usable()
    assert resident_kib() - before_kib < 40 * 1024  # ngspice leaves 0.2 MB behind each time
    assert held.ngSpice_running() == 0


def test_library_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(driver._Process, "ngspice", None)
    monkeypatch.setattr(driver._Process, "loaded", None)
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(tmp_path / "none.so"))
    with pytest.raises(SpiceMissing, match=r"none\.so"):
        Solver(DIVIDER)
    monkeypatch.delenv("NGSPICE_LIBRARY_PATH")
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(SpiceMissing, match="install the package libngspice0"):
        Solver(DIVIDER)
    monkeypatch.undo()
    assert_usable()


def test_processes_at_once_and_a_spiceinit_that_changes_nothing(tmp_path: Path) -> None:
    # In the dialect that this file asks for, x^3 keeps the sign of x.
    (tmp_path / ".spiceinit").write_text("set ngbehavior=ltpsa\nset num_threads=2\n")
    code = (
        "from enose_hwsim.spice.driver import Solver\n"
        "s = Solver('* t\\nvx x 0 external\\nB1 a 0 v=v(x)^3\\nR1 a 0 1')\n"
        "for k in range(200): y = s.solve({'vx': [-2, k]}, ['a'])['a'].round(6).tolist()\n"
        "print(y)"
    )
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == [f"{[8.0, 199.0**3]}\n"] * 3
