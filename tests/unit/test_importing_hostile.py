"""Files that mean no good, through `enose data import`: one line that names the file, exit code 2, and no project."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import BAD_INPUT, run
from enose.recordings.home_activity import FIELDS

SMELLS = "Timestamp,Humidity,Temperature,NO2,Ethanol,VOC,CO\n2025-03-26 10:44:00,40,25,300,400,500,600\n"
KEYS = (
    *("sensor_index", "timestamp_since_poweron", "real_time_clock", "temperature", "relative_humidity"),
    *("resistance_gassensor", "heater_profile_step_index", "error_code", "label_tag"),
)
Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """What is said of a path that is refused, and of nothing else."""

    def said(path: Path, *options: str) -> str:
        project = tmp_path / "x.enose"
        assert run(["data", "import", str(project), str(path), *options]) == BAD_INPUT
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("error: ") == 1
        assert not project.exists()
        text = " ".join(err.split())
        assert path.name in text
        assert len(text.replace(str(tmp_path), "")) < 400
        return text

    return said


def zipped(path: Path, names: tuple[str, ...], method: int = zipfile.ZIP_STORED) -> Path:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name in names:
            archive.writestr(name, SMELLS)
    path.write_bytes(written.getvalue())
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_whose_bytes_are_wrong(tmp_path: Path, refused: Refused, method: int) -> None:
    path = zipped(tmp_path / "smells.zip", ("tea.csv",), method)
    raw = bytearray(path.read_bytes())
    for at in range(39, 70):  # the member's first bytes, behind its header of 37
        raw[at] ^= 0xFF
    path.write_bytes(raw)
    assert "its files cannot be unzipped" in refused(path)


def test_a_zip_that_is_none_or_has_a_member_twice_or_none(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "smells.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(range(100)))
    assert "its files cannot be unzipped (File is not a zip file)" in refused(path)
    assert "holds no files" in refused(zipped(path, ()))
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(path, ("tea.csv", "tea.csv"))
    assert "member 'tea.csv' is there twice" in refused(path)
    assert "two sessions are called 'tea'" in refused(zipped(path, ("a/tea.csv", "b/tea.csv")))


def test_what_is_no_file(tmp_path: Path, refused: Refused) -> None:
    os.mkfifo(tmp_path / "pipe.csv")  # to read it would never end
    assert "pipe.csv: cannot be read (it is no regular file)" in refused(tmp_path / "pipe.csv")
    home, drift, gone = tmp_path / "home", tmp_path / "drift", tmp_path / "gone"
    (home / "recordings.csv").mkdir(parents=True)
    assert "recordings.csv: cannot be read (it is no regular file)" in refused(home)
    (drift / "batch1.dat").mkdir(parents=True)
    assert "batch1.dat: cannot be read (it is no regular file)" in refused(drift)
    gone.mkdir()
    (gone / "batch1.dat").symlink_to(tmp_path / "nowhere")
    assert "batch1.dat: cannot be read (No such file or directory)" in refused(gone)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "empty: holds no batch*.dat" in refused(empty, "--format", "gas-drift")
    assert "recordings.csv: cannot be read" in refused(empty, "--format", "home-activity")
    assert "cannot be read (File name too long)" in refused(tmp_path / ("x" * 300))


def test_a_project_whose_name_is_too_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    smells, project = tmp_path / "tea.csv", str(tmp_path / ("x" * 300))
    smells.write_text(SMELLS)
    assert run(["data", "import", project, str(smells)]) == BAD_INPUT
    assert "cannot be written (File name too long)" in " ".join(capsys.readouterr().err.split())
    assert run(["data", "list", project]) == BAD_INPUT
    assert "cannot be read (File name too long)" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("form", ["home-activity", "gas-drift", "five-smells", "bme-ai-studio", "edge-impulse"])
def test_a_pickle_is_refused_whatever_it_is_said_to_be(tmp_path: Path, refused: Refused, form: str) -> None:
    path = tmp_path / "batch1.csv"
    path.write_bytes(pickle.dumps([1, 2, 3]))
    assert "a pickle is never read" in refused(path, "--format", form)


def test_nothing_to_take_in_is_an_error(tmp_path: Path, refused: Refused) -> None:
    home = tmp_path / "recordings.csv"
    home.write_text(",".join(FIELDS) + "\n")
    assert "recordings.csv: has no rows" in refused(home)
    row = ["0", "wine", "07-04-15", "", *["10"] * 8, "25", "50"]
    lines = [FIELDS, *[[*row[:3], str(m), *row[4:]] for m in range(20)]]
    lines[5][1:3] = ["durian", "x" * 140_000]
    home.write_text("\n".join(",".join(fields) for fields in lines))
    assert "recordings.csv:6: is no CSV (field larger than field limit" in refused(home)
    smells = tmp_path / "tea.csv"
    smells.write_text(SMELLS)
    assert "tea.csv: holds no specimens; 1 samples at the ends left out" in refused(smells, "--window", "5")


def bme(tmp_path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    rows = [[0, 100 * k, 1_700_000_000, 25, 50, 1e4, k % 10, 0, 1] for k in range(20)]
    document: dict[str, Any] = {
        "configHeader": {"boardType": "board_8"},
        "configBody": {"sensorConfigurations": [{"sensorIndex": 0, "heaterProfile": "heater_354"}]},
        "rawDataBody": {"dataColumns": [{"key": key} for key in KEYS], "dataBlock": rows},
    }
    change(document)
    path = tmp_path / "run.bmerawdata"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("resistance_gassensor", 10**400, "is 1000"),
        ("label_tag", 10**400, "is 1000"),
        ("real_time_clock", 10**12, "is 1000000000000, expected seconds since 1970"),
        ("real_time_clock", -1, "is -1, expected seconds since 1970"),
        ("sensor_index", 1e200, "is 1e+200, expected 0..255"),
        ("sensor_index", 0.5, "is 0.5, expected 0..255"),
    ],
)
def test_a_number_beyond_all_measure(tmp_path: Path, refused: Refused, column: str, value: float, said: str) -> None:
    path = bme(tmp_path, lambda d: d["rawDataBody"]["dataBlock"][3].__setitem__(KEYS.index(column), value))
    assert f"run.bmerawdata: dataBlock[3]: column '{column}' {said}" in refused(path)


def test_a_document_of_another_shape(tmp_path: Path, refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (7, None, "0"):
        path = bme(tmp_path, lambda d, w=wrong: d["configBody"].update(sensorConfigurations=w))
        assert f"sensorConfigurations is {wrong!r}, expected a list" in refused(path)
    labels = [{"labelTag": 1, "labelName": name} for name in ("tea", "coffee")]
    path = bme(tmp_path, lambda d: None)
    path.with_suffix(".bmelabelinfo").write_text(json.dumps({"labelInformation": labels}))
    assert run(["data", "import", str(tmp_path / "y.enose"), str(path)]) == BAD_INPUT
    assert "run.bmelabelinfo: labelInformation[1]: labelTag 1 is 'tea' already" in " ".join(
        capsys.readouterr().err.split()
    )
    path.with_suffix(".bmelabelinfo").unlink()
    path = bme(tmp_path, lambda d: d.update(configHeader=["board_8"]))  # which board it was is not needed
    assert run(["data", "import", str(tmp_path / "y.enose"), str(path), "--label", "tea"]) == 0
