"""Imports of known forms: what is in the files is in the sessions, and bad input is named with its place."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.importing.imported import Imported, sha256_of
from enose.importing.read import read_import
from enose.project.contents import FEATURES, HUMIDITY, TEMPERATURE, Cycle, NewSpecimen, Sensor
from enose.project.store import Project
from enose.recordings import RecordingsError, open_recordings
from enose.recordings.home_activity import FIELDS

SMELL_HEADER = "Timestamp,Humidity,Temperature,NO2,Ethanol,VOC,CO,Location,Label"


def one_specimen(imported: Imported) -> NewSpecimen:
    (session,) = imported.sessions
    (specimen,) = session.specimens
    return specimen


def one_cycle(imported: Imported) -> Cycle:
    (cycle,) = one_specimen(imported).cycles
    return cycle


def refused(path: Path, said: str, **options: Any) -> None:
    """It is refused with these words after its name, and a project takes in nothing of it."""
    with pytest.raises(RecordingsError) as caught:
        read_import(path, **options)
    assert said in str(caught.value), str(caught.value)
    assert path.name in str(caught.value)


# ------------------------------------------------------------------------------------------------- five smells


def smell_rows(label: str = "tea", count: int = 4, location: str = "1") -> list[str]:
    return [f"2025-03-26 10:44:{2 * k:02d},50.{k},26.5,400,6{k}0,430,116,{location},{label}" for k in range(count)]


def smell_file(path: Path, rows: list[str], header: str = SMELL_HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_a_smell_is_a_cycle_with_what_was_around(tmp_path: Path) -> None:
    found = read_import(smell_file(tmp_path / "tea_office.csv", smell_rows("tea ")))
    assert (found.format, one_specimen(found).label) == ("five-smells", "tea")
    assert found.sessions[0].sensors == tuple(Sensor(gas, "count") for gas in ("NO2", "Ethanol", "VOC", "CO"))
    cycle = one_cycle(found)
    assert cycle.series["exposure"][:, 1].tolist() == [600, 610, 620, 630]
    assert cycle.series[HUMIDITY].tolist() == [50.0, 50.1, 50.2, 50.3]
    assert cycle.series[TEMPERATURE].tolist() == [26.5] * 4
    assert cycle.sample_s == 2.0
    assert cycle.started_s == 1742985840.0  # 2025-03-26 10:44:00 UTC
    assert cycle.facts == {"location": "1"}


def test_a_smell_without_labels_is_called_as_its_file(tmp_path: Path) -> None:
    rows = [row.rsplit(",", 2)[0] for row in smell_rows()]
    header = SMELL_HEADER.removesuffix(",Location,Label")
    found = read_import(smell_file(tmp_path / "vinegar_2.csv", rows, header))
    assert one_specimen(found).label == "vinegar"
    refused(smell_file(tmp_path / "durian.csv", rows, header), "its name is 'durian', expected one of air, coffee")


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (2, 3, "nan", ":4: column 'NO2' is 'nan', expected a number"),
        (1, 5, "", ":3: column 'VOC' is '', expected a number"),
        (3, 0, "soon", ":5: column 'Timestamp' is 'soon', expected a date and time"),
        (0, 8, "durian", ":2: column 'Label' is 'durian', expected one of air, coffee, perfume, tea, vinegar"),
        (3, 8, "coffee", ":5: column 'Label' is 'coffee', expected tea as before"),
        (1, 8, "", ":3: column 'Label' is ''"),
        (2, 0, "2025-03-26 10:00:00", ":4: column 'Timestamp' comes -2642 s after"),
        (
            1,
            0,
            "1825-03-26 10:00:00",
            ":3: column 'Timestamp' is '1825-03-26 10:00:00', expected a year of 1970 to 2100",
        ),
        (1, 6, "1024", ":3: column 'CO' is 1024, expected 0..1023 counts"),
        (2, 3, "4_0", ":4: column 'NO2' is '4_0', expected a number"),
    ],
)
def test_a_bad_smell_is_named_with_line_and_column(
    tmp_path: Path, row: int, column: int, value: str, said: str
) -> None:
    rows = [line.split(",") for line in smell_rows()]
    rows[row][column] = value
    refused(smell_file(tmp_path / "tea.csv", [",".join(fields) for fields in rows]), said)


def test_a_zip_of_smells_is_read_member_by_member(tmp_path: Path) -> None:
    path = tmp_path / "smells.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("set/tea_1.csv", "set/air_1.csv"):
            label = Path(name).stem.split("_")[0]
            archive.writestr(name, "\n".join([SMELL_HEADER, *smell_rows(label)]))
    found = read_import(path)
    assert [(s.title, s.specimens[0].label) for s in found.sessions] == [("air_1", "air"), ("tea_1", "tea")]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("set/bad_1.csv", "\n".join([SMELL_HEADER, "1,2,3"]))
    refused(path, "smells.zip/set/bad_1.csv:2: 3 fields, expected 9")


@pytest.mark.parametrize("name", ["../tea.csv", "/tea.csv", "a/../../tea.csv", "a\\..\\..\\tea.csv", "C:tea.csv"])
def test_a_member_that_leads_out_of_its_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "smells.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "\n".join([SMELL_HEADER, *smell_rows()]))
    refused(path, "leads out of it")
    assert [file.name for file in tmp_path.iterdir()] == ["smells.zip"]


def test_a_zip_of_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "smells.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.md", "hello")
    refused(path, "member 'readme.md', expected .csv files only")
    with zipfile.ZipFile(path, "w"):
        pass
    refused(path, "holds no files", form="five-smells")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tea.csv", "\n".join([SMELL_HEADER, *smell_rows()]))
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF  # within the member's bytes: its checksum does not match
    path.write_bytes(raw)
    refused(path, "cannot be unzipped")
    monkeypatch.setattr("enose.importing.five_smells.LARGEST_BYTES", 100)
    refused(path, "more than 0 MB together")


def test_another_table_is_no_smell(tmp_path: Path) -> None:
    path = smell_file(tmp_path / "tea.csv", ["1,2"], "a,b")
    refused(path, ":1: header 'a,b', expected 'Timestamp,Humidity,Temperature,...'", form="five-smells")


# -------------------------------------------------------------------------------------------------- known sets


def test_home_activity_keeps_days_inductions_and_windows(tmp_path: Path) -> None:
    rows = [
        [key, label, day, str(m), *[f"{10 + m}.5"] * 8, "25.0", "50.0"]
        for key, label, day in (("0", "wine", "07-04-15"), ("1", "banana", "07-05-15"), ("2", "wine", "07-05-15"))
        for m in range(25)
    ]
    (tmp_path / "recordings.csv").write_text("\n".join(",".join(fields) for fields in [FIELDS, *rows]))
    found = read_import(tmp_path)
    assert found.format == "home-activity"
    assert [(s.title, [one.name for one in s.specimens]) for s in found.sessions] == [
        ("07-04-15", ["induction 0"]),
        ("07-05-15", ["induction 1", "induction 2"]),
    ]
    first, second = found.sessions[0].specimens[0].cycles
    assert first.series["exposure"][:2, 0].tolist() == [10_500.0, 11_500.0]
    assert len(second.series["exposure"]) == 10
    assert first.series[HUMIDITY].tolist() == [50.0] * 10
    assert found.sessions[0].started_s == 1435968000.0  # 2015-07-04
    assert found.notes[0].startswith("15 minutes")


def drift_line(code: str, start: float = 500.0) -> str:
    return f"{code};10.5 " + " ".join(f"{k}:{start + k / 1000:.4f}" for k in range(1, 129))


def test_gas_drift_keeps_all_its_features_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "batch1.dat").write_text("\n".join([drift_line("1"), drift_line("2"), drift_line("2", 0.5)]) + "\n")
    (tmp_path / "batch2.dat").write_text(drift_line("1", 100.0) + "\n")
    found = read_import(tmp_path)
    assert [s.title for s in found.sessions] == ["batch1", "batch2"]
    first = found.sessions[0].specimens[0]
    assert (first.name, first.label, first.cycles[0].facts) == ("batch1 line 1", "ethanol", {"ppm": 10.5})
    assert set(first.cycles[0].series) == {FEATURES}
    values = [500.0 + round(k / 1000, 4) for k in range(1, 129)]
    assert np.allclose(first.cycles[0].series[FEATURES].ravel(), values, atol=1e-9)  # decimals are decimals
    (tmp_path / "batch3.dat").write_text("\n")
    refused(tmp_path / "batch3.dat", "has no rows", form="gas-drift")


@pytest.mark.data
@pytest.mark.parametrize("name", ["uci_gas_drift", "uci_home_activity_8mox"])
@pytest.mark.parametrize("change", ["absolute", "relative"])
def test_a_project_plays_a_set_as_its_own_files_do(
    data_path: Callable[[str], Path], tmp_path: Path, name: str, change: str
) -> None:
    folder = data_path(name)
    imported = read_import(folder)
    path = tmp_path / "a.enose"
    with Project.create(path) as project:
        project.add_sessions(imported.sessions, imported.provenance(folder))
    own, found = open_recordings(folder, None, change), open_recordings(path, None, change)
    assert found.sensors == own.sensors
    assert (set(found.classes), found.average, found.normalisation) == (
        set(own.classes),
        own.average,
        own.normalisation,
    )
    by_group = {(s.group, s.exposure_ohm.tobytes()): s for s in own.specimens}
    assert len(by_group) == len(own.specimens) == len(found.specimens)
    for s in found.specimens:
        assert by_group[s.group, s.exposure_ohm.tobytes()].label == s.label


@pytest.mark.data
def test_the_real_five_smells(data_path: Callable[[str], Path], tmp_path: Path) -> None:
    path = data_path("ai_nose_5smells") / "raw_dataset.zip"
    found = read_import(path, classes=("air", "coffee", "perfume", "tea", "vinegar"))
    labels = [session.specimens[0].label for session in found.sessions]
    assert {label: labels.count(label) for label in labels} == {
        "coffee": 2,
        "tea": 3,
        "vinegar": 3,
        "perfume": 3,
        "air": 2,
    }
    assert all(2.0 <= session.specimens[0].cycles[0].sample_s <= 3.0 for session in found.sessions)
    cut = read_import(path, window=30)
    counts = [len(s.specimens[0].cycles[0].series["exposure"]) // 30 for s in found.sessions]
    assert [len(s.specimens[0].cycles) for s in cut.sessions] == counts
    with Project.create(tmp_path / "a.enose") as project:
        project.add_sessions(cut.sessions, cut.provenance(path))
    assert open_recordings(tmp_path / "a.enose").unit == "count"


# --------------------------------------------------------------------------------------------- HT_Sensor (UCI)


def ht_folder(folder: Path, meta: list[str] | None = None, rows: list[str] | None = None) -> Path:
    meta = meta if meta is not None else ["0\t07-04-15\twine\t13.5\t0.5", "1\t07-05-15\tbanana\t6.0\t0.25"]
    if rows is None:
        hours = [-0.002, -0.001, 0.0, 0.1, 0.25, 0.5, 0.6]
        rows = [f"{k}  {h}  {' '.join(f'{10 + n}.0' for n in range(8))}  26.1  59.5" for k in (0, 1) for h in hours]
    (folder / "HT_Sensor_metadata.dat").write_text("\n".join(["id\tdate        class\tt0      dt", *meta]) + "\n")
    header = "id time      R1         R2         R3         R4     R5   R6    R7        R8        Temp.      Humidity"
    (folder / "HT_Sensor_dataset.dat").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_the_publishers_home_activity_has_phases_by_its_times(tmp_path: Path) -> None:
    found = read_import(ht_folder(tmp_path))
    assert [s.title for s in found.sessions] == ["07-04-15", "07-05-15"]
    wine, banana = (s.specimens[0] for s in found.sessions)
    assert (wine.name, wine.label, banana.label) == ("induction 0", "wine", "banana")
    counts = {name: len(values) for name, values in wine.cycles[0].series.items()}
    assert counts == {"baseline": 2, "exposure": 4, "recovery": 1, TEMPERATURE: 4, HUMIDITY: 4}
    assert len(banana.cycles[0].series["exposure"]) == 3
    assert wine.cycles[0].series["baseline"][0].tolist() == [1e3 * (10 + n) for n in range(8)]
    assert wine.cycles[0].started_s == 1435968000.0 + 13.5 * 3600
    assert wine.cycles[0].sample_s == pytest.approx(360.0)  # the middle one of 3.6, 3.6, 360, 540, 900 and 360 s


@pytest.mark.parametrize(
    ("meta", "row", "said"),
    [
        ("0 07-04-15 wine 13.5", "", "metadata.dat:2: 4 fields, expected 5"),
        ("0 04.07.15 wine 13.5 0.5", "", "metadata.dat:2: column 'date' is '04.07.15', expected month-day-year"),
        ("0 07-04-15 wine x 0.5", "", "metadata.dat:2: column 't0' is 'x', expected a number"),
        ("0 07-04-15 wine 1 0.5\n0 07-04-15 wine 1 0.5", "", "metadata.dat:3: column 'id' is '0' again"),
        ("0 07-04-15 wine 24 0.5", "", "metadata.dat:2: column 't0' is '24', expected 0..24 hours"),
        ("0 07-04-15 wine 1 0", "", "metadata.dat:2: column 'dt' is '0', expected more than 0 hours"),
        (
            "0 07-04-15 durian 1 0.5",
            "",
            "metadata.dat:2: column 'class' is 'durian', expected one of background, banana",
        ),
        ("0 07-04-15 wine 1 0.5", "", "holds no specimens; induction 0 (wine) left out: no rows during its stimulus"),
        ("0 07-04-15 wine 1 0.5", "1 0 1 1 1 1 1 1 1 1 2 3", "dataset.dat:2: column 'id' is '1', which HT_Sensor"),
        (
            "0 07-04-15 wine 1 0.5",
            "0 0 1 1 nan 1 1 1 1 1 2 3",
            "dataset.dat:2: column 'R3' is 'nan'",
        ),
        ("0 07-04-15 wine 1 0.5", "0 0 1 1 0 1 1 1 1 1 2 3", "dataset.dat:2: column 'R3' is 0 kohm"),
        (
            "0 07-04-15 wine 1 0.5",
            "0 0 1 1 1 1 1 1 1 1 2 3\n0 0 1 1 1 1 1 1 1 1 2 3",
            "dataset.dat:3: column 'time' is '0', expected more than 0",
        ),
    ],
)
def test_a_bad_publishers_row_is_named(tmp_path: Path, meta: str, row: str, said: str) -> None:
    folder = ht_folder(tmp_path, meta.split("\n"), row.split("\n"))
    with pytest.raises(RecordingsError) as caught:
        read_import(folder)
    assert said in str(caught.value)


def test_an_induction_without_rows_is_noted_and_another_header_refused(tmp_path: Path) -> None:
    found = read_import(ht_folder(tmp_path, ["0 07-04-15 wine 1 1", "1 07-05-15 wine 1 1", "7 07-05-15 wine 1 1"]))
    assert found.notes == ("induction 7 (wine) left out: no rows during its stimulus",)
    (tmp_path / "HT_Sensor_dataset.dat").write_text("id,time\n")
    with pytest.raises(RecordingsError, match=r"dataset\.dat:1: header 'id,time', expected 'id time R1"):
        read_import(tmp_path)


# --------------------------------------------------------------------------------------------------- in common


def test_a_pickle_is_refused_unread_in_every_form(tmp_path: Path) -> None:
    for name in ("a.csv", "a.json", "a.bmerawdata", "a.dat", "a.pkl", "a.joblib"):
        path = tmp_path / name
        path.write_bytes(pickle.dumps([1, 2, 3]))
        refused(path, "a pickle is never read")
    text = tmp_path / "text.pickle"
    text.write_bytes(pickle.dumps([1], protocol=0))
    refused(text, "a pickle is never read")


def test_what_is_nothing_known_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match=r"none\.csv: there is no such file or folder"):
        read_import(tmp_path / "none.csv")
    with pytest.raises(RecordingsError, match="holds no recordings of a known form"):
        read_import(tmp_path)
    path = tmp_path / "a.bin"
    path.write_bytes(b"what is this")
    refused(path, "begins with 'what is this', which is none of home-activity")
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    refused(path, "a CSV of no known form, expected a mapping")
    path.write_bytes(b"timestamp,\xff\n")
    refused(path, ":1: byte 10 is no UTF-8 text")
    (tmp_path / "unreadable.csv").mkdir()
    with pytest.raises(RecordingsError, match="cannot be read"):
        read_import(tmp_path / "unreadable.csv", form="five-smells")


def test_an_empty_class_is_an_error(tmp_path: Path) -> None:
    path = smell_file(tmp_path / "tea.csv", smell_rows())
    refused(path, "class 'coffee' is empty", classes=("tea", "coffee"))


def test_only_a_bare_exposure_is_cut(tmp_path: Path) -> None:
    found = read_import(smell_file(tmp_path / "tea.csv", smell_rows(count=7)), window=3)
    cycles = one_specimen(found).cycles
    assert [c.series["exposure"][:, 1].tolist() for c in cycles] == [[600, 610, 620], [630, 640, 650]]
    assert cycles[1].started_s - cycles[0].started_s == 6.0
    assert found.notes == ("1 samples at the ends left out: fewer than 3 remained",)
    with pytest.raises(RecordingsError, match="induction 0: has a baseline, only a bare exposure can be cut"):
        read_import(ht_folder(tmp_path), form="home-activity", window=2)


def test_a_source_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = smell_file(tmp_path / "tea.csv", smell_rows())
    alone, folder = sha256_of(path), sha256_of(tmp_path)
    path.rename(tmp_path / "tea2.csv")
    assert sha256_of(tmp_path / "tea2.csv") == alone
    assert sha256_of(tmp_path) != folder
    provenance = read_import(tmp_path / "tea2.csv").provenance(tmp_path / "tea2.csv")
    assert (provenance.source, provenance.source_sha256, provenance.simulated) == ("tea2.csv", alone, False)
    assert json.loads(json.dumps(dict(provenance.facts)))["format"] == "five-smells"
