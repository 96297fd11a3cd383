"""Recordings from files: what is read, what is left out and said, and what is refused with one clear line."""

import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enose.recordings import RecordingsError, open_recordings, simulated_fruit
from enose.recordings.gas_drift import ABSOLUTE, RELATIVE, load_gas_drift
from enose.recordings.home_activity import FIELDS
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE


def drift_line(gas: str = "1", change_ohm: float = 5000.0, ratio: float = 2.0, **features: str) -> str:
    """A row of the drift set with the same change in all sensors, single features replaced by f3='3:x'."""
    values = [f"{k}:{change_ohm if k % 8 == 1 else ratio if k % 8 == 2 else 0.5}" for k in range(1, 129)]
    for name, text in features.items():
        values[int(name[1:]) - 1] = text
    return f"{gas};10.0 {' '.join(values)} \n"


def drift_folder(folder: Path, **batches: list[str]) -> Path:
    for name, lines in batches.items():
        (folder / f"{name}.dat").write_text("".join(lines))
    return folder


def home_rows(induction: str, label: str, minutes: int, kohm: float = 10.0, start: int = 0) -> list[list[str]]:
    return [
        [induction, label, "01-01-15", str(start + m), *[f"{kohm + m}"] * 8, "25.0", "50.0"] for m in range(minutes)
    ]


def home_file(folder: Path, rows: list[list[str]]) -> Path:
    file = folder / "some name.txt"
    file.write_text("\n".join(",".join(fields) for fields in [FIELDS, *rows]) + "\n")
    return file


def test_drift_is_played_as_its_changes_in_ohm(tmp_path: Path) -> None:
    lines = [drift_line("1"), drift_line("2", 700.0), "\n", drift_line("2"), drift_line("1"), drift_line("6")]
    folder = drift_folder(tmp_path, batch2=lines, batch10=[drift_line("2")])
    found = open_recordings(folder, ("ethylene", "ethanol"))
    assert [(s.label, s.batch, s.group) for s in found.specimens] == [
        ("ethanol", "batch2", "batch2 line 1"),
        ("ethylene", "batch2", "batch2 line 2"),
        ("ethylene", "batch2", "batch2 line 4"),
        ("ethanol", "batch2", "batch2 line 5"),
        ("ethylene", "batch10", "batch10 line 1"),
    ]
    assert found.classes == ("ethylene", "ethanol")
    assert found.labels().tolist() == [1, 0, 0, 1, 0]
    assert found.normalisation == NORM_CHANGE
    one = found.specimens[1]
    assert one.exposure_ohm.shape == one.baseline_ohm.shape == (found.average, 16)
    assert np.all(one.exposure_ohm - one.baseline_ohm == 700.0)


def test_drift_can_be_played_as_its_ratios(tmp_path: Path) -> None:
    folder = drift_folder(tmp_path, batch1=[drift_line("3", ratio=4.5)] * 2)
    one = load_gas_drift(folder, ("ammonia",), RELATIVE).specimens[0]
    assert np.all(one.exposure_ohm / one.baseline_ohm == 4.5)


@pytest.mark.parametrize("row", [{"ratio": 31165.2}, {"change_ohm": 5e6}, {"change_ohm": -20_000.0}, {"ratio": -1.0}])
def test_drift_rows_that_cannot_be_are_left_out_and_said(tmp_path: Path, row: dict[str, float]) -> None:
    folder = drift_folder(tmp_path, batch1=[drift_line()] * 2 + [drift_line(**row)])
    found = open_recordings(folder / "batch1.dat", ("ethanol",))
    assert len(found.specimens) == 2
    assert len(found.notes) == 1
    assert "batch1.dat line 3 (ethanol) left out: feature" in found.notes[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (drift_line("7"), "batch1.dat:2: gas code '7', expected 1..6"),
        (drift_line("1").replace(";", ";x", 1), "batch1.dat:2: concentration 'x10.0', expected a number of ppm"),
        (drift_line("1").replace(";10.0", ";inf", 1), "batch1.dat:2: concentration 'inf', expected a number of ppm"),
        (drift_line("1", f9="9:1_0"), "batch1.dat:2: feature 9 is '9:1_0', expected '9:number'"),
        (drift_line("1").rsplit(" ", 2)[0] + "\n", "batch1.dat:2: 127 features, expected 128"),
        (drift_line("1", f10="10:nan"), "batch1.dat:2: feature 10 is '10:nan', expected '10:number'"),
        (drift_line("1", f9="9:x"), "batch1.dat:2: feature 9 is '9:x', expected '9:number'"),
        (drift_line("1", f2="3:1.0"), "batch1.dat:2: feature 2 is '3:1.0', expected '2:number'"),
    ],
)
def test_a_bad_drift_row_is_named(tmp_path: Path, line: str, message: str) -> None:
    folder = drift_folder(tmp_path, batch1=[drift_line(), line, drift_line()])
    with pytest.raises(RecordingsError) as refused:
        open_recordings(folder)
    assert str(refused.value) == str(tmp_path / message)


def test_home_windows_are_ten_minutes_of_one_induction(tmp_path: Path) -> None:
    rows = home_rows("a", "wine", 25) + home_rows("b", "banana", 9) + home_rows("c", "banana", 20, 50.0)
    found = open_recordings(home_file(tmp_path, rows))
    assert [(s.label, s.group) for s in found.specimens] == [
        ("wine", "induction a"),
        ("wine", "induction a"),
        ("banana", "induction c"),
        ("banana", "induction c"),
    ]
    assert found.classes == ("banana", "wine")
    assert (found.normalisation, found.average) == (NORM_RANGE, 10)
    assert found.specimens[1].exposure_ohm[:, 0].tolist() == [1e3 * (20 + m) for m in range(10)]
    assert len(found.specimens[1].baseline_ohm) == 0
    assert found.notes[0].startswith("14 minutes at the ends of inductions left out")


def test_home_minutes_without_values_take_their_windows_mean(tmp_path: Path) -> None:
    rows = home_rows("a", "wine", 20) + home_rows("b", "wine", 10)
    for m in range(5):
        rows[m][4:12] = [""] * 8
    rows[12][6] = ""
    for m in range(20, 26):
        rows[m][4:12] = [""] * 8
    found = open_recordings(home_file(tmp_path, rows))
    assert [s.group for s in found.specimens] == ["induction a", "induction a"]
    assert found.specimens[0].exposure_ohm[:5, 3].tolist() == [17_000.0] * 5
    assert not any(np.isnan(s.exposure_ohm).any() for s in found.specimens)
    assert found.notes[1].startswith("1 windows left out")
    assert found.notes[2].startswith("6 minutes without values")


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (3, 6, "nan", ":5: R3 'nan', expected a resistance in kohm or nothing"),
        (0, 4, "-2", ":2: R1 '-2', expected a resistance in kohm or nothing"),
        (1, 11, "much", ":3: R8 'much', expected a resistance in kohm or nothing"),
        (2, 3, "7", ":4: minute '7', expected 2"),
        (0, 3, "x", ":2: minute 'x', expected a whole number"),
        (1, 12, "warm", ":3: temp_C 'warm', expected a number or nothing"),
        (1, 13, "nan", ":3: humidity_pct 'nan', expected a number or nothing"),
        (0, 2, "04.07.15", ":2: date '04.07.15', expected month-day-year"),
        (2, 3, "9" * 5000, f":4: minute '{20 * '9'}', expected 2"),
        (0, 3, "9" * 5000, f":2: minute '{20 * '9'}', expected a whole number"),
        (1, 12, "2_5", ":3: temp_C '2_5', expected a number or nothing"),
        (1, 11, "1_0", ":3: R8 '1_0', expected a resistance in kohm or nothing"),
        (1, 2, '"', ":3: is no CSV (unexpected end of data)"),
        (4, 1, "beer", ":6: class 'beer', expected its induction's 'wine'"),
        (4, 0, "z", ":7: induction_id 'a' again, expected its rows together"),
    ],
)
def test_a_bad_home_row_is_named(tmp_path: Path, row: int, column: int, value: str, message: str) -> None:
    rows = home_rows("a", "wine", 20)
    rows[row][column] = value
    if value == "z":
        rows[row][3] = "0"
    file = home_file(tmp_path, rows)
    with pytest.raises(RecordingsError) as refused:
        open_recordings(file)
    assert str(refused.value) == f"{file}{message}"


def test_a_ragged_home_row_and_another_header_are_named(tmp_path: Path) -> None:
    rows = home_rows("a", "wine", 12)
    rows[5] = rows[5][:-1]
    with pytest.raises(RecordingsError, match=":7: 13 fields, expected 14"):
        open_recordings(home_file(tmp_path, rows))
    (tmp_path / "other.csv").write_text("induction_id,class,value\n1,wine,2\n")
    with pytest.raises(
        RecordingsError, match=r"other.csv:1: header 'induction_id,class,value', expected 'induction_id,"
    ):
        open_recordings(tmp_path / "other.csv")


def test_classes_are_checked(tmp_path: Path) -> None:
    folder = drift_folder(tmp_path, batch1=[drift_line("1"), drift_line("1"), drift_line("2")])
    with pytest.raises(RecordingsError, match="class 'wine' is unknown, expected some of ethanol, ethylene"):
        open_recordings(folder, ("ethanol", "wine"))
    with pytest.raises(RecordingsError, match="class 'ethanol' is asked for twice"):
        open_recordings(folder, ("ethanol", "ethanol"))
    with pytest.raises(RecordingsError, match="no classes asked for, expected some of"):
        open_recordings(folder, ())
    with pytest.raises(RecordingsError, match="class 'ethylene' has 1 specimen, expected at least 2"):
        open_recordings(folder, ("ethanol", "ethylene"))
    with pytest.raises(RecordingsError, match="class 'toluene' has 0 specimens, expected at least 2"):
        open_recordings(folder, ("ethanol", "toluene"))


class Bomb:
    """Unpickled, it would say so by creating a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    ("name", "protocol"), [("a.pkl", 0), ("a.JOBLIB", 4), ("recordings.csv", 2), ("batch1.dat", 5)]
)
def test_a_pickle_is_refused_unread(tmp_path: Path, name: str, protocol: int) -> None:
    mark = tmp_path / "ran"
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(mark), protocol=protocol))
    with pytest.raises(RecordingsError, match="a pickle is never read"):
        open_recordings(tmp_path / name)
    assert not mark.exists()


def test_what_is_not_recordings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        RecordingsError, match=r"nowhere: there is no such file or folder, expected a folder of gas-drift"
    ):
        open_recordings(tmp_path / "nowhere")
    with pytest.raises(RecordingsError, match="holds no recordings, expected"):
        open_recordings(tmp_path)
    (tmp_path / "notes.txt").write_text("bought bananas\n")
    with pytest.raises(RecordingsError, match="begins with 'bought bananas\\\\n', which is not recordings"):
        open_recordings(tmp_path / "notes.txt")
    (tmp_path / "empty").touch()
    with pytest.raises(RecordingsError, match="begins with '', which is not recordings"):
        open_recordings(tmp_path / "empty")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RecordingsError, match=r"notes.txt: cannot be read \(Permission denied\)"):
        open_recordings(tmp_path / "notes.txt")


def test_a_folder_with_the_home_table_is_that_table(tmp_path: Path) -> None:
    home_file(tmp_path, home_rows("a", "wine", 20)).rename(tmp_path / "recordings.csv")
    assert open_recordings(tmp_path).classes == ("wine",)


def test_simulated_fruit_is_24_specimens_that_a_seed_determines() -> None:
    fruit, same, other = simulated_fruit(1), simulated_fruit(1), simulated_fruit(2)
    assert fruit.simulated
    assert Counter(s.label for s in fruit.specimens) == {"banana": 8, "lemon": 8, "lychee": 8}
    assert len(set(fruit.groups())) == 24
    assert all(
        np.array_equal(a.exposure_ohm, b.exposure_ohm) for a, b in zip(fruit.specimens, same.specimens, strict=True)
    )
    assert not np.array_equal(fruit.specimens[0].exposure_ohm, other.specimens[0].exposure_ohm)
    one = fruit.specimens[0]
    assert [len(one.warmup_ohm), len(one.baseline_ohm), len(one.exposure_ohm), len(one.recovery_ohm)] == [
        60,
        20,
        40,
        30,
    ]
    with pytest.raises(RecordingsError, match="simulated fruit: class 'durian' is unknown"):
        simulated_fruit(1, ("durian",))


def test_the_sensor_set_is_told_by_names_and_order() -> None:
    fruit = simulated_fruit(0)
    assert len(fruit.sensor_set_id()) == 8
    assert fruit.sensor_set_id() == simulated_fruit(5).sensor_set_id()
    other = type(fruit)(**{**vars(fruit), "sensors": fruit.sensors[::-1]})
    assert other.sensor_set_id() != fruit.sensor_set_id()


@pytest.mark.data
def test_the_real_drift_set(data_path: Callable[[str], Path]) -> None:
    found = open_recordings(data_path("uci_gas_drift"), ("ethylene", "ethanol", "acetaldehyde"))
    assert Counter(s.label for s in found.specimens) == {"ethylene": 1005, "ethanol": 710, "acetaldehyde": 455}
    assert len(found.notes) == 1
    assert "batch2.dat line 222 (ethanol) left out" in found.notes[0]


@pytest.mark.data
def test_the_drift_sets_second_feature_is_a_ratio(data_path: Callable[[str], Path]) -> None:
    absolute, relative = (load_gas_drift(data_path("uci_gas_drift"), None, way) for way in (ABSOLUTE, RELATIVE))
    rises = np.array([s.exposure_ohm[0] >= s.baseline_ohm[0] for s in absolute.specimens])
    grows = np.array([s.exposure_ohm[0] >= s.baseline_ohm[0] for s in relative.specimens])
    assert np.array_equal(rises, grows)
    assert np.sum(~rises) > 0


@pytest.mark.data
def test_the_real_home_activity_set(data_path: Callable[[str], Path]) -> None:
    found = open_recordings(data_path("uci_home_activity_8mox/recordings.csv"))
    assert all(10 < s.temperature_c < 40 and 0 < s.humidity_pct < 100 for s in found.specimens)
    assert all(1435.9e6 < s.started_s < 1443e6 for s in found.specimens)  # July to September 2015
    assert Counter(s.label for s in found.specimens) == {"wine": 118, "banana": 85, "background": 64}
    assert len(set(found.groups())) == 67
    assert all(np.isfinite(s.exposure_ohm).all() and len(s.exposure_ohm) == 10 for s in found.specimens)
