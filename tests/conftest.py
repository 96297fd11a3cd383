"""What every test shares: tools that may be missing, recordings that may be missing, hypothesis' settings.

A test that needs a tool takes the fixture of its name, and is skipped without it. In CI ($CI is set) a skipped test
counts as failed, so that nothing goes untested there unseen. Recordings and MicroPython's UF2 are not in the
repository: a test marked `data` or `uf2` may skip for want of them even in CI, and the summary counts those.
"""

import ctypes
import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from enose_hwsim.board.process import MicroPythonMissing, find_micropython

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: two workers share two cores
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt loads: the app's windows need no screen

pytest_plugins = ["pytester"]  # runs a suite inside a test
pytest.register_assert_rewrite("rig", "memristor_rig", "phases")  # what they assert says what it found

ROOT = Path(__file__).resolve().parent.parent
NO_RECORDINGS = "no recordings"
NO_UF2 = "no UF2"
NO_EMULATOR = "no rp2040js"  # npm may not reach a registry where pip does
MAY_BE_MISSING = {"data": (NO_RECORDINGS,), "uf2": (NO_UF2, NO_EMULATOR)}  # by the marker of the tests that need it
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# No deadline: two workers share the machine with firmware processes, so the wall time of one example says nothing.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if IN_CI else "local")


@pytest.fixture(scope="session")
def micropython() -> str:
    """The interpreter that the simulated board runs the firmware with."""
    try:
        return find_micropython()
    except MicroPythonMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def libngspice() -> str:
    """The name under which ngspice's shared library loads."""
    name = "libngspice.so.0"
    try:
        ctypes.CDLL(name)
    except OSError:
        pytest.skip(f"ngspice's shared library ({name}) is missing: run `make setup`")
    return name


@pytest.fixture
def data_path(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """From a recording's name to its path under $ENOSE_DATA (or ../shared/data); skips where there is none."""
    if request.node.get_closest_marker("data") is None:
        pytest.fail("a test that uses data_path carries @pytest.mark.data", pytrace=False)
    folder = Path(os.environ.get("ENOSE_DATA", ROOT.parent / "shared" / "data"))

    def path(name: str) -> Path:
        if not (folder / name).exists():
            pytest.skip(f"{NO_RECORDINGS}: {name} in {folder}; set ENOSE_DATA to the folder that holds them")
        return folder / name

    return path


@pytest.fixture(scope="session")
def uf2_path() -> Path:
    """MicroPython for a Pico: $ENOSE_UF2 (or ../shared/micropython/rp2040/firmware.uf2); skips where there is none."""
    path = Path(os.environ.get("ENOSE_UF2", ROOT.parent / "shared" / "micropython" / "rp2040" / "firmware.uf2"))
    if not path.is_file():
        pytest.skip(f"{NO_UF2}: {path}; set ENOSE_UF2 to MicroPython's download for the Raspberry Pi Pico")
    return path


@pytest.fixture
def brief_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the steps that choose inputs and order, for tests that ask little or nothing of what is chosen."""
    monkeypatch.setattr("enose.training.choosing.FIRST_STEPS", 16)
    monkeypatch.setattr("enose.training.choosing.SECOND_STEPS", 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed, but for want of what is not in the repository."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr
        allowed = [
            why for marker, reasons in MAY_BE_MISSING.items() if item.get_closest_marker(marker) for why in reasons
        ]
        if not any(why in reason for why in allowed):
            report.outcome = "failed"
            report.longrepr = f"{reason} (in CI a skipped test has failed)"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips itself as a whole has failed."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr[2]} (in CI a skipped module has failed)"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests went without their recordings, and how many without a UF2."""
    skipped = terminalreporter.getreports("skipped")
    for marker, why in ((marker, why) for marker, reasons in MAY_BE_MISSING.items() for why in reasons):
        count = sum(marker in report.keywords and why in str(report.longrepr) for report in skipped)
        if count:
            what = why.removeprefix("no ")
            terminalreporter.write_line(f"{count} `{marker}` tests skipped for want of {what}", yellow=True)
