"""A test that is skipped for want of a tool fails in CI; only one that lacks its recordings may skip there."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parent.parent / "conftest.py"
SUITE = """
import pytest

def test_needs_a_tool(micropython): pass

def test_skips_itself(): pytest.skip("no screen")

@pytest.mark.data
def test_needs_recordings(data_path): data_path("a.csv")

@pytest.mark.data
def test_needs_recordings_and_a_tool(data_path, micropython): pass

def test_forgot_the_marker(data_path): pass

@pytest.mark.xfail
def test_known_fault(): assert False
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Runs the suite above with its own conftest, without tools and recordings, as a process of its own."""
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\nmarkers = data: needs recordings")
    monkeypatch.setenv("ENOSE_DATA", "/nowhere")
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nowhere/micropython")

    def run(ci: str) -> pytest.RunResult:
        monkeypatch.setenv("CI", ci)
        return pytester.runpytest_subprocess("-n0")

    return run


def test_skips_are_skips_on_a_developers_machine(run) -> None:
    result = run("")
    result.assert_outcomes(skipped=4, errors=1, xfailed=1)
    result.stdout.fnmatch_lines(["*1 `data` tests skipped for want of recordings*"])


def test_skips_fail_in_ci_but_for_want_of_recordings(run) -> None:
    result = run("true")
    result.assert_outcomes(skipped=1, failed=1, errors=3, xfailed=1)
    result.stdout.fnmatch_lines(["*1 `data` tests skipped for want of recordings*"])


def test_a_module_that_skips_itself_fails_in_ci(pytester, run) -> None:
    pytester.makepyfile(test_module="import pytest\npytest.skip('no tool', allow_module_level=True)")
    result = run("1")
    assert "no tool (in CI a skipped module has failed)" in result.stdout.str()
    assert result.ret != 0
