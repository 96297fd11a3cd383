"""The runner of the long campaigns: what it writes down, and what it makes of a campaign that fails."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import prove


@pytest.fixture
def campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three short ones instead of the long ones."""
    scripts = {
        "good": "import json; print(json.dumps({'ok': True}))",
        "missed": "import json, sys; print(json.dumps({'ok': False})); sys.exit(1)",
        "broken": "print('no document')",
    }
    for name, text in scripts.items():
        (tmp_path / f"{name}.py").write_text(text)
    chosen = tuple(prove.Campaign(name, ("python", str(tmp_path / f"{name}.py"))) for name in scripts)
    monkeypatch.setattr(prove, "CAMPAIGNS", chosen)
    monkeypatch.setattr(prove, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def test_a_result_stands_with_its_command_and_commit(campaigns: Path) -> None:
    assert prove.main(["good"]) == 0
    written = json.loads((campaigns / "good.json").read_text())
    assert written["answer"] == {"ok": True}
    assert written["exit_code"] == 0
    assert written["command"].startswith("python ")
    assert written["commit"]


def test_all_run_though_one_misses_its_limit(campaigns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main([]) == 1
    assert json.loads((campaigns / "missed.json").read_text())["exit_code"] == 1
    assert not (campaigns / "broken.json").exists()
    said = capsys.readouterr().err
    assert "broken: no JSON document" in said
    assert "missed: missed, broken" in said


def test_one_that_takes_too_long_is_a_miss(
    campaigns: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    campaigns.parent.joinpath("good.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(prove, "LIMIT_S", 1)
    assert prove.main(["good"]) == 1
    assert "good: not done in 1 s" in capsys.readouterr().err
    assert not (campaigns / "good.json").exists()


def test_a_change_shows_in_the_commit_and_a_result_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "ROOT", tmp_path)
    result, source = tmp_path / "bench" / "results" / "one.json", tmp_path / "source.py"
    result.parent.mkdir(parents=True)
    for file in (result, source):
        file.write_text("before")
    prove.git("init", "--quiet")
    prove.git("add", "-A")
    prove.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "one")
    clean = prove.commit()
    result.write_text("after")
    assert prove.commit() == clean
    source.write_text("after")
    assert prove.commit() == f"{clean}+"


def test_a_campaign_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main(["certify"]) == 2
    assert "no campaign 'certify'; known: certify-mlp441" in capsys.readouterr().err


@pytest.mark.parametrize(("uf2", "said"), [(True, "no emulator: `make emulator`"), (False, "no UF2 at '")])
def test_without_emulator_or_uf2_the_emulated_one_is_passed_over_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], uf2: bool, said: str
) -> None:
    monkeypatch.setattr(prove, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(prove, "UF2", tmp_path / "a.uf2")
    monkeypatch.setattr(prove, "EMULATOR", tmp_path / "rp2040js")
    if uf2:
        (tmp_path / "a.uf2").touch()
    assert prove.main(["emulated"]) == 0
    assert f"emulated: passed over, {said}" in capsys.readouterr().err
    assert not (tmp_path / "results" / "emulated.json").exists()


def test_names_are_their_own() -> None:
    names = [campaign.name for campaign in prove.CAMPAIGNS]
    assert len(set(names)) == len(names)


def test_a_campaign_on_recordings_runs_where_they_are(
    campaigns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "told.py").write_text("import json, sys; print(json.dumps(sys.argv[1]))")
    told = prove.Campaign("told", ("python", str(tmp_path / "told.py"), prove.DRIFT))
    monkeypatch.setattr(prove, "CAMPAIGNS", (told,))
    monkeypatch.setattr(prove, "RECORDINGS", tmp_path / "none")
    assert prove.main(["told"]) == 0
    assert "told: passed over, no recordings in" in capsys.readouterr().err
    assert not (campaigns / "told.json").exists()
    monkeypatch.setattr(prove, "RECORDINGS", tmp_path)
    assert prove.main(["told"]) == 0
    written = json.loads((campaigns / "told.json").read_text())
    assert written["answer"] == str(tmp_path / "uci_gas_drift")
    assert written["command"].endswith(" $ENOSE_DATA/uci_gas_drift")  # no path of this machine
