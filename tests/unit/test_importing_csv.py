"""Any CSV by a mapping: columns by what they mean, units by one of three ways, and bad input named with its place."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.importing.cells import UNITS, bare_heading, readings, table_of
from enose.importing.imported import Imported
from enose.importing.mapped import read_mapping
from enose.importing.read import read_import
from enose.project.contents import HUMIDITY, TEMPERATURE, Sensor
from enose.recordings import RecordingsError
from enose_hwsim.tomlfile import BoardError

MAPPING = """
unit = "kohm"
time_unit = "ms"
labels = ["banana", "lemon"]
[columns]
sensors = ["R1", "R2"]
names = ["TGS2600", "TGS2602"]
label = "fruit"
specimen = "id"
session = "day"
phase = "phase"
time = "t"
temperature_c = "temp"
humidity_pct = "rh"
"""
HEADER = "day,id,fruit,phase,t,R1,R2,temp,rh"
ROWS = [
    "mon,1,banana,baseline,0,30,40,20,50",
    "mon,1,banana,exposure,500,15,20,21,51",
    "mon,1,banana,exposure,1000,14,19,22,52",
    "mon,2,lemon,exposure,0,10,11,20,50",
    "tue,1,lemon,exposure,0,12,13,20,50",
]


def read(folder: Path, rows: list[str] = ROWS, mapping: str = MAPPING, header: str = HEADER) -> Imported:
    (folder / "t.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "t.toml").write_text(mapping)
    return read_import(folder / "t.csv", mapping=folder / "t.toml")


def test_columns_mean_what_the_mapping_says(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert [(s.title, [(one.name, one.label) for one in s.specimens]) for s in found.sessions] == [
        ("mon", [("specimen 1", "banana"), ("specimen 2", "lemon")]),
        ("tue", [("specimen 1", "lemon")]),
    ]
    assert found.sessions[0].sensors == (Sensor("TGS2600"), Sensor("TGS2602"))
    (cycle,) = found.sessions[0].specimens[0].cycles
    assert cycle.series["baseline"].tolist() == [[30e3, 40e3]]
    assert cycle.series["exposure"].tolist() == [[15e3, 20e3], [14e3, 19e3]]
    assert cycle.series[TEMPERATURE].tolist() == [21, 22]
    assert cycle.series[HUMIDITY].tolist() == [51, 52]
    assert (cycle.sample_s, np.isnan(cycle.started_s)) == (0.5, True)


def test_the_least_mapping_takes_runs_of_a_label_as_specimens(tmp_path: Path) -> None:
    mapping = 'delimiter = ";"\nsample_s = 2.0\n[columns]\nsensors = ["a [V]"]\nlabel = "l"'
    found = read(tmp_path, ["1;x", "2;x", "3;y", "4;x"], mapping, "a [V];l")
    (session,) = found.sessions
    assert (session.title, session.sensors) == ("t", (Sensor("a", "V"),))
    assert [(one.name, one.label, one.cycles[0].series["exposure"].ravel().tolist()) for one in session.specimens] == [
        ("rows from line 2", "x", [1, 2]),
        ("rows from line 4", "y", [3]),
        ("rows from line 5", "x", [4]),
    ]
    assert session.specimens[0].cycles[0].sample_s == 2.0


def test_times_with_a_date_say_when_it_began(tmp_path: Path) -> None:
    mapping = 'time_unit = "iso"\n[columns]\nsensors = ["a (mV)"]\ntime = "t"'
    found = read(tmp_path, ["5,1970-01-02 00:00:00", "6,1970-01-02T01:00:03+01:00"], mapping, "a (mV),t")
    (cycle,) = found.sessions[0].specimens[0].cycles
    assert (cycle.started_s, cycle.sample_s, found.sessions[0].started_s) == (86400.0, 3.0, 86400.0)
    assert cycle.series["exposure"].ravel().tolist() == [0.005, 0.006]
    assert found.sessions[0].specimens[0].label is None


@pytest.mark.parametrize(
    ("row", "text", "said"),
    [
        (1, "mon,1,banana,exposure,500,nan,20,21,51", ":3: column 'R1' is 'nan', expected a number"),
        (1, "mon,1,banana,exposure,500,inf,20,21,51", ":3: column 'R1' is 'inf', expected a number"),
        (1, "mon,1,banana,exposure,500,,20,21,51", ":3: column 'R1' is '', expected a number"),
        (1, "mon,1,banana,exposure,500,1e999,20,21,51", ":3: column 'R1' is '1e999', expected a number"),
        (
            1,
            "mon,1,banana,exposure,500,15 ohm,20,21,51",
            ":3: column 'R1' is in ohm, the rest in kohm: two units",
        ),
        (1, "mon,1,banana,exposure,500,15 furlong,20,21,51", ":3: column 'R1': unit 'furlong', expected one of ohm"),
        (1, "mon,1,banana,exposure,500,15,20,21", ":3: 8 fields, expected 9"),
        (1, "mon,1,banana,exposure,500,15,20,warm,51", ":3: column 'temp' is 'warm', expected a number"),
        (1, "mon,1,banana,exposure,-5,15,20,20,51", ":3: column 't' comes -0.005 s after"),
        (1, "mon,1,banana,exposure,5_0,15,20,20,51", ":3: column 't' is '5_0', expected a number"),
        (1, "mon,1,banana,exposure,500,-15,20,20,51", ":3: column 'R1' is '-15', expected a resistance of more than 0"),
        (1, "mon,1,banana,exposure,500,1e308,20,20,51", ":3: column 'R1' is '1e308', expected a number"),
        (1, "mon,1,banana,sniff,500,15,20,21,51", ":3: column 'phase' is 'sniff', expected one of warmup"),
        (1, "mon,1,durian,exposure,500,15,20,21,51", ":3: column 'fruit' is 'durian', expected one of banana, lemon"),
        (1, "mon,1,lemon,exposure,500,15,20,21,51", ":3: column 'fruit' is 'lemon', expected its specimen's 'banana'"),
        (1, "mon,1,,exposure,500,15,20,21,51", ":3: column 'fruit' is empty, expected a label"),
        (1, "mon,,banana,exposure,500,15,20,21,51", ":3: column 'id' is empty, expected a specimen"),
        (3, "mon,2,lemon,baseline,0,10,11,20,50", ":5: column 'phase': specimen 2 has no exposure"),
        (4, "mon,1,lemon,exposure,0,12,13,20,50", ":6: specimen 1 again, expected its rows together"),
    ],
)
def test_bad_input_is_named_with_file_line_and_column(tmp_path: Path, row: int, text: str, said: str) -> None:
    rows = [text if k == row else line for k, line in enumerate(ROWS)]
    with pytest.raises(RecordingsError) as caught:
        read(tmp_path, rows)
    assert f"t.csv{said}" in str(caught.value), str(caught.value)


def test_a_class_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match=r"t\.csv: class 'lemon' is empty: no specimen has that label"):
        read(tmp_path, ROWS[:3])


def test_a_mapping_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match=r"t\.csv:1: no column 'R9', there are day,"):
        read(tmp_path, mapping=MAPPING.replace('"R1", "R2"', '"R1", "R9"').replace(", there", ""))
    with pytest.raises(RecordingsError, match=r"t\.toml: columns\.names has 2 names, expected 1 as columns\.sensors"):
        read(tmp_path, mapping=MAPPING.replace('["R1", "R2"]', '["R1"]'))
    with pytest.raises(BoardError, match=r"t\.toml:6: columns\.sensor: unknown key, did you mean 'sensors'\?"):
        read(tmp_path, mapping=MAPPING.replace("sensors =", "sensor ="))
    with pytest.raises(RecordingsError, match=r"column 'R1' has no unit, expected one of ohm, kohm"):
        read(tmp_path, mapping=MAPPING.replace('unit = "kohm"', "", 1))
    with pytest.raises(RecordingsError, match=r":1: column 'R1 \(V\)' is headed V, the mapping says kohm: two"):
        read(tmp_path, header=HEADER.replace("R1", "R1 (V)"))
    with pytest.raises(RecordingsError, match=r"t\.toml: columns\.sensors has 'R1' twice"):
        read(tmp_path, mapping=MAPPING.replace('["R1", "R2"]', '["R1", "R1"]'))
    with pytest.raises(RecordingsError, match=r"t\.toml: unit 'furlong', expected one of ohm, kohm"):
        read(tmp_path, mapping=MAPPING.replace("kohm", "furlong"))
    with pytest.raises(RecordingsError, match=r"t\.toml: delimiter '\"', expected a character between two cells"):
        read(tmp_path, mapping="delimiter = '\"'\n" + MAPPING)
    bare = MAPPING.replace('names = ["TGS2600", "TGS2602"]\n', "").replace('["R1", "R2"]', '["R (kohm)", "R [kohm]"]')
    with pytest.raises(RecordingsError, match=r"t\.csv:1: two sensors are called 'R', expected names in the mapping"):
        read(tmp_path, mapping=bare, header=HEADER.replace("R1,R2", "R (kohm),R [kohm]"))
    read(tmp_path)
    assert read_mapping(tmp_path / "t.toml").unit == "kohm"


@given(
    st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=5),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["heading", "mapping", "cell"]),
)
def test_a_unit_said_in_any_way_gives_the_same_readings(values: list[float], unit: str, way: str) -> None:
    heading = f"R [{unit}]" if way == "heading" else "R"
    cells = [f"{value!r} {unit if way == 'cell' and unit != '1' else ''}" for value in values]
    given_unit = unit if way == "mapping" or (way == "cell" and unit == "1") else None
    table = table_of("made up", "\n".join([heading, *cells]))
    found, stored = readings(table, 0, given_unit)
    assert stored == UNITS[unit][0]
    assert found == [value * UNITS[unit][1] for value in values]


def test_a_heading_without_a_known_unit_is_a_name() -> None:
    assert bare_heading("CO [ppm]") == ("CO [ppm]", None)
    assert bare_heading("CO [kohm]") == ("CO", "kohm")
