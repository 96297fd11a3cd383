"""Exports: what is in the project is in the file, and comes back by an import."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from enose.exporting.rows import chosen_cycles, safe_name
from enose.exporting.write import write_csv, write_edge_impulse, write_parquet
from enose.image import ImageFileError
from enose.importing.read import read_import
from enose.project.contents import FEATURES, HUMIDITY, TEMPERATURE, Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.schema import ProjectError
from enose.project.store import Project

SENSORS = (Sensor("TGS2600"), Sensor("TGS2602"))
SOURCE = Provenance("record", "made up", True)
MAPPING = """
sample_s = 0.25
[columns]
sensors = ["TGS2600", "TGS2602"]
label = "label"
specimen = "specimen"
session = "session"
phase = "phase"
time = "time_s"
"""


def cycle(seed: int, *phases: str) -> Cycle:
    rng = np.random.default_rng(seed)
    return Cycle({phase: rng.uniform(1e3, 1e5, (3, 2)) for phase in phases}, 0.25)


def project(path: Path, *specimens: NewSpecimen, sensors: tuple[Sensor, ...] = SENSORS, title: str = "day 1") -> Path:
    with Project.open_or_create(path) as opened:
        opened.add_sessions([NewSession(title, sensors, specimens)], SOURCE)
    return path


@pytest.fixture
def full(tmp_path: Path) -> Path:
    around = {TEMPERATURE: np.array([20.0, np.nan, 21.0]), HUMIDITY: np.array([50.0, 51.0, 52.0])}
    bare = Cycle({**cycle(3, "exposure").series, **around}, 0.25)
    return project(
        tmp_path / "a.enose",
        NewSpecimen("one", "banana", (cycle(1, "baseline", "exposure", "recovery"),)),
        NewSpecimen("two", "lemon", (bare, cycle(4, "exposure"))),
    )


def test_a_table_holds_every_sample(full: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert write_csv(chosen_cycles(full), path) == 15
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("session", "specimen", "label", "cycle", "phase", "sample", "time_s"),
        *("TGS2600 [ohm]", "TGS2602 [ohm]", "temperature_c", "humidity_pct"),
    ]
    first = cycle(1, "baseline", "exposure", "recovery").series
    for k, phase in enumerate(("baseline", "exposure", "recovery")):
        for n in range(3):
            row = rows[3 * k + n]
            assert (row["phase"], row["sample"], float(row["time_s"])) == (phase, str(n), 0.25 * (3 * k + n))
            assert [float(row["TGS2600 [ohm]"]), float(row["TGS2602 [ohm]"])] == first[phase][n].tolist()
    assert [row["temperature_c"] for row in rows[9:12]] == ["20.0", "", "21.0"]
    assert [(row["specimen"], row["cycle"]) for row in rows[9::3]] == [("two", "0"), ("two", "1")]


def test_a_table_comes_back_by_a_mapping(tmp_path: Path) -> None:
    put = tuple(NewSpecimen(name, "banana", (cycle(k, "baseline", "exposure"),)) for k, name in enumerate("abc"))
    path = tmp_path / "a.csv"
    write_csv(chosen_cycles(project(tmp_path / "a.enose", *put)), path)
    (tmp_path / "m.toml").write_text(MAPPING)
    (session,) = read_import(path, mapping=tmp_path / "m.toml").sessions
    assert session.sensors == SENSORS
    for before, after in zip(put, session.specimens, strict=True):
        assert (after.name, after.label) == (f"specimen {before.name}", before.label)
        for phase, values in before.cycles[0].series.items():
            assert np.array_equal(after.cycles[0].series[phase], values)
        assert after.cycles[0].sample_s == 0.25


def test_parquet_is_the_same_table(full: Path, tmp_path: Path) -> None:
    cycles = chosen_cycles(full)
    assert write_parquet(cycles, tmp_path / "a.parquet") == write_csv(cycles, tmp_path / "a.csv")
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert table.schema.metadata[b"simulated"] == b"yes"
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, other in zip(rows, table.to_pylist(), strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in other.items()}


def test_without_pyarrow_its_name_is_said(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ProjectError, match=r"a\.parquet: Parquet needs pyarrow: pip install 'enose\[parquet\]'"):
        write_parquet(chosen_cycles(full), tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


def test_edge_impulse_reads_what_was_written_for_it(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ei"
    assert write_edge_impulse(chosen_cycles(full), folder) == 3
    assert sorted(file.name for file in folder.iterdir()) == [
        "banana.day 1 one.0.csv",
        "lemon.day 1 two.0.csv",
        "lemon.day 1 two.1.csv",
    ]
    assert (folder / "banana.day 1 one.0.csv").read_text().startswith("timestamp,TGS2600 [ohm],TGS2602 [ohm]\n0.0,")
    (session,) = read_import(folder).sessions
    assert session.sensors == SENSORS
    assert [one.label for one in session.specimens] == ["banana", "lemon", "lemon"]
    assert set(session.specimens[1].cycles[0].series) == {"exposure", HUMIDITY}  # not every temperature is known
    whole = cycle(1, "baseline", "exposure", "recovery").series
    expected = np.concatenate([whole[phase] for phase in ("baseline", "exposure", "recovery")])
    assert np.array_equal(session.specimens[0].cycles[0].series["exposure"], expected)
    with pytest.raises(ProjectError, match="is there already, expected a new folder"):
        write_edge_impulse(chosen_cycles(full), folder)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "", "nul\0", "x" * 5, "c:\\d", ".hidden", "a\nb"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not set(safe) & set("/\\.:\0\n")
    path = project(tmp_path / "a.enose", NewSpecimen(name, name.strip() or "x", (cycle(1, "exposure"),)), title=name)
    before = {file.name for file in tmp_path.iterdir()}
    write_edge_impulse(chosen_cycles(path), tmp_path / "ei")
    assert {file.name for file in tmp_path.iterdir()} - before <= {"ei", "a.enose-wal", "a.enose-shm"}
    assert len(list((tmp_path / "ei").iterdir())) == 1


def test_a_failed_export_leaves_nothing(tmp_path: Path) -> None:
    unlabelled = NewSpecimen("b", None, (cycle(2, "exposure"),))
    path = project(tmp_path / "a.enose", NewSpecimen("a", "x", (cycle(1, "exposure"),)), unlabelled)
    with pytest.raises(ProjectError, match="day 1, b: has no label, Edge Impulse wants one"):
        write_edge_impulse(chosen_cycles(path), tmp_path / "ei")
    twins = project(
        tmp_path / "b.enose",
        NewSpecimen("a/b", "x", (cycle(1, "exposure"),)),
        NewSpecimen("a:b", "x", (cycle(1, "exposure"),)),
    )
    with pytest.raises(ProjectError, match=r"two specimens would be called 'x\.day 1 a_b\.0\.csv'"):
        write_edge_impulse(chosen_cycles(twins), tmp_path / "ei")
    with pytest.raises(ImageFileError, match="there is no folder"):
        write_edge_impulse(chosen_cycles(twins), tmp_path / "none" / "ei")
    assert not any("ei" in file.name for file in tmp_path.iterdir() if file.is_dir())


def test_features_are_rows_of_a_table_and_no_series(tmp_path: Path) -> None:
    features = Cycle({FEATURES: np.arange(6.0).reshape(2, 3)}, 1.0)
    path = project(tmp_path / "a.enose", NewSpecimen("a", "x", (features,)))
    assert write_csv(chosen_cycles(path), tmp_path / "a.csv") == 3
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[2] == "day 1,a,x,0,features,1,,1.0,4.0,,"
    with pytest.raises(ProjectError, match="day 1, a: has features only, no series"):
        write_edge_impulse(chosen_cycles(path), tmp_path / "ei")


def test_one_table_holds_one_set_of_sensors(tmp_path: Path) -> None:
    one = NewSpecimen("a", "x", (cycle(1, "exposure"),))
    path = project(tmp_path / "a.enose", one)
    project(path, one, sensors=(Sensor("p"), Sensor("q")), title="day 2")
    with pytest.raises(ProjectError, match="session 'day 2' has other sensors than 'day 1': export them one by one"):
        chosen_cycles(path)
    assert len(chosen_cycles(path, "day 2")) == 1
    with pytest.raises(ProjectError, match="session 'day 3' has no cycles"):
        chosen_cycles(path, "day 3")
    empty = project(tmp_path / "empty.enose")
    with pytest.raises(ProjectError, match=r"empty\.enose: has no cycles"):
        chosen_cycles(empty)
