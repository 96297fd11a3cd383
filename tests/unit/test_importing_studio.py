"""BME AI-Studio's and Edge Impulse's files: heater cycles, labels, units, and every bad row named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.importing.read import read_import
from enose.project.contents import HUMIDITY, TEMPERATURE, Sensor
from enose.recordings import RecordingsError

KEYS = [
    *("sensor_index", "sensor_id", "timestamp_since_poweron", "real_time_clock", "temperature", "pressure"),
    *("relative_humidity", "resistance_gassensor", "heater_profile_step_index", "error_code", "label_tag"),
]


def bme_rows(sensor: int, tag: int, cycles: int, start_ms: int = 0) -> list[list[Any]]:
    """Whole heater cycles of one sensor, a step every 100 ms."""
    return [
        [
            sensor,
            7,
            start_ms + 100 * (10 * c + k),
            1700000000 + c,
            25.0 + c,
            985.0,
            40.0,
            1e5 * (sensor + 1) + k,
            k,
            0,
            tag,
        ]
        for c in range(cycles)
        for k in range(10)
    ]


def bme_document(rows: list[list[Any]], profiles: tuple[str, ...] = ("heater_354", "heater_354")) -> dict[str, Any]:
    units = {"resistance_gassensor": "Ohms", "temperature": "DegreesCelcius", "relative_humidity": "Percent"}
    return {
        "configHeader": {"boardType": "board_8"},
        "configBody": {
            "sensorConfigurations": [{"sensorIndex": k, "heaterProfile": name} for k, name in enumerate(profiles)]
        },
        "rawDataHeader": {},
        "rawDataBody": {
            "dataColumns": [{"name": key, "unit": units.get(key, ""), "key": key} for key in KEYS],
            "dataBlock": rows,
        },
    }


def bme_file(folder: Path, document: dict[str, Any], labels: dict[int, str] | None = None) -> Path:
    path = folder / "run_0.bmerawdata"
    path.write_text(json.dumps(document))
    if labels is not None:
        information = [{"labelTag": tag, "labelName": name, "labelDescription": ""} for tag, name in labels.items()]
        path.with_suffix(".bmelabelinfo").write_text(json.dumps({"labelInformation": information}))
    return path


def bme_refused(path: Path, said: str) -> None:
    with pytest.raises(RecordingsError) as caught:
        read_import(path)
    assert said in str(caught.value), str(caught.value)
    assert "run_0" in str(caught.value)


def test_a_label_tag_is_a_specimen_and_a_sensor_a_cycle(tmp_path: Path) -> None:
    rows = bme_rows(0, 1, 3) + bme_rows(1, 1, 2) + bme_rows(0, 2, 1, 9000)
    found = read_import(bme_file(tmp_path, bme_document(rows), {1: "coffee", 2: "air"}))
    (session,) = found.sessions
    assert session.title == "run_0 heater_354"
    assert session.sensors == tuple(Sensor(f"step {k}") for k in range(10))
    assert [(one.name, one.label, len(one.cycles)) for one in session.specimens] == [
        ("run_0 specimen 1", "coffee", 2),
        ("run_0 specimen 2", "air", 1),
    ]
    first, second = session.specimens[0].cycles
    assert first.series["exposure"].tolist() == [[1e5 + k for k in range(10)]] * 3
    assert second.series["exposure"].shape == (2, 10)
    assert first.series[TEMPERATURE].tolist() == [25.0, 26.0, 27.0]
    assert first.series[HUMIDITY].tolist() == [40.0] * 3
    assert (first.sample_s, first.started_s, first.facts) == (1.0, 1700000000.0, {"sensor_index": 0})
    assert (found.format, found.notes, dict(found.facts)) == ("bme-ai-studio", (), {"board": "board_8"})


def test_sensors_of_two_heater_profiles_are_two_sessions(tmp_path: Path) -> None:
    rows = bme_rows(0, 1, 1) + bme_rows(1, 1, 1)
    found = read_import(bme_file(tmp_path, bme_document(rows, ("heater_1", "heater_2"))), label="tea")
    assert [(s.title, s.specimens[0].label) for s in found.sessions] == [
        ("run_0 heater_1", "tea"),
        ("run_0 heater_2", "tea"),
    ]


def test_heater_cycles_that_are_not_whole_are_left_out_and_counted(tmp_path: Path) -> None:
    whole, late, wrong = bme_rows(0, 1, 1), bme_rows(0, 1, 1)[4:], bme_rows(0, 1, 1)
    gap = [row for row in bme_rows(0, 1, 1) if row[8] != 5]
    wrong[3][9] = 1
    wrong[3][7] = 0.0  # with an error code the resistance says nothing
    found = read_import(bme_file(tmp_path, bme_document(late + whole + wrong + gap + bme_rows(0, 1, 1)[:6])))
    (specimen,) = found.sessions[0].specimens
    assert specimen.label is None
    assert len(specimen.cycles[0].series["exposure"]) == 1
    assert found.notes == ("4 heater cycles left out: a step missing or with an error code",)
    bme_refused(bme_file(tmp_path, bme_document(late)), "holds no whole heater cycle")


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (
            3,
            "resistance_gassensor",
            float("nan"),
            "dataBlock[3]: column 'resistance_gassensor' is nan",
        ),
        (3, "resistance_gassensor", "12", "column 'resistance_gassensor' is '12', expected a number"),
        (3, "resistance_gassensor", -1.0, "is -1.0, expected more than 0 ohm"),
        (2, "heater_profile_step_index", 10, "dataBlock[2]: column 'heater_profile_step_index' is 10, expected 0..9"),
        (0, "label_tag", True, "dataBlock[0]: column 'label_tag' is True, expected a number"),
    ],
)
def test_a_bad_row_is_named_with_its_column(tmp_path: Path, row: int, column: str, value: Any, said: str) -> None:
    rows = bme_rows(0, 1, 1)
    rows[row][KEYS.index(column)] = value
    bme_refused(bme_file(tmp_path, bme_document(rows)), said)


def test_a_document_of_another_kind_is_named(tmp_path: Path) -> None:
    rows = bme_rows(0, 1, 1)
    bme_refused(bme_file(tmp_path, bme_document([rows[0][:-1]])), "dataBlock[0]: 10 values, expected 11")
    bme_refused(bme_file(tmp_path, bme_document([])), "rawDataBody has no dataColumns and dataBlock")
    document = bme_document(rows)
    document["rawDataBody"]["dataColumns"][KEYS.index("error_code")]["key"] = "other"
    bme_refused(bme_file(tmp_path, document), "dataColumns has 0 columns 'error_code', expected 1")
    document = bme_document(rows)
    document["rawDataBody"]["dataColumns"][KEYS.index("resistance_gassensor")]["unit"] = "kOhm"
    bme_refused(bme_file(tmp_path, document), "column 'resistance_gassensor' is in 'kOhm', expected ohm")
    document = bme_document(rows)
    document["configBody"]["sensorConfigurations"] = [{"sensorIndex": "0"}]
    bme_refused(bme_file(tmp_path, document), "sensorConfigurations[0], expected a sensorIndex")
    path = bme_file(tmp_path, bme_document(rows))
    path.with_suffix(".bmelabelinfo").write_text('{"labelInformation": [{"labelTag": 1}]}')
    bme_refused(path, "labelInformation[0], expected a labelTag and a labelName")
    path.with_suffix(".bmelabelinfo").write_text("{}")
    bme_refused(path, "labelInformation is missing")
    for text, said in (
        ('{\n "a": }', ":2: column 7: no JSON (Expecting value)"),
        ("[]", "holds no JSON object"),
    ):
        path.write_text(text)
        bme_refused(path, said)
    path.write_bytes(b'{"a": "\xff"}')
    bme_refused(path, "byte 7 is no UTF-8 text")


# ------------------------------------------------------------------------------------------------ Edge Impulse

CSV = "timestamp,TGS2600 (kohm),TGS2602 (kohm),humidity\n0,10.5,20,50\n250,10,21,51\n500,9,22,52\n"


def sample_json(**changes: Any) -> dict[str, Any]:
    payload = {
        "device_type": "NOSE",
        "interval_ms": 250,
        "sensors": [
            {"name": "TGS2600", "units": "kohm"},
            {"name": "TGS2602", "units": "kohm"},
            {"name": "humidity", "units": "%RH"},
        ],
        "values": [[10.5, 20, 50], [10, 21, 51], [9, 22, 52]],
    }
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "00", "payload": payload | changes}


def edge_refused(path: Path, said: str, **options: Any) -> None:
    with pytest.raises(RecordingsError) as caught:
        read_import(path, **options)
    assert said in str(caught.value), str(caught.value)


def test_a_csv_and_a_json_sample_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "coffee.1.csv").write_text(CSV)
    (tmp_path / "tea.1.json").write_text(json.dumps(sample_json()))
    found = read_import(tmp_path)
    (session,) = found.sessions
    assert session.sensors == (Sensor("TGS2600"), Sensor("TGS2602"))
    assert [(one.name, one.label) for one in session.specimens] == [("coffee.1", "coffee"), ("tea.1", "tea")]
    for specimen in session.specimens:
        (cycle,) = specimen.cycles
        assert np.array_equal(cycle.series["exposure"], [[10500, 20000], [10000, 21000], [9000, 22000]])
        assert cycle.series[HUMIDITY].tolist() == [50, 51, 52]
        assert cycle.sample_s == 0.25


def test_a_label_or_a_unit_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    path.write_text("timestamp,a\n0,1\n100,2\n")
    edge_refused(path, "its name says no label, expected LABEL.NAME.csv", unit="kohm")
    edge_refused(path, ":1: column 'a' has no unit, expected one of ohm, kohm", label="tea")
    found = read_import(path, label="tea", unit="kohm")
    assert found.sessions[0].specimens[0].label == "tea"
    assert found.sessions[0].specimens[0].cycles[0].series["exposure"].tolist() == [[1000.0], [2000.0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CSV.replace("10.5", "nan"), ":2: column 'TGS2600 (kohm)' is 'nan', expected a number"),
        (CSV.replace("250,", "-250,"), ":3: column 'timestamp' comes -0.25 s after the one before it"),
        (CSV.replace("250,", "0,"), ":3: column 'timestamp' comes 0 s after"),
        (CSV.replace(",51", ""), ":3: 3 fields, expected 4"),
        (CSV.replace("TGS2602", "TGS2600"), ":1: column 'TGS2600 (kohm)' is there twice"),
        (CSV.replace("10.5", "10.5 ohm"), ":2: column 'TGS2600 (kohm)' is in ohm, the rest in kohm: two units"),
        ("timestamp,humidity\n0,1\n", ":1: no sensors behind 'timestamp'"),
        (CSV.replace("10.5", "-10.5"), ":2: column 'TGS2600 (kohm)' is '-10.5', expected a resistance of more than 0"),
        (CSV.replace("TGS2600", ""), ":1: sensor 1 has no name"),
        ("timestamp,a (ohm),a (kohm)\n0,1,1\n", ":1: two sensors are called 'a'"),
        ("timestamp,a (kohm)\n", "has no rows"),
        ('timestamp,"a (kohm)\n0,1\n', "is no CSV"),
    ],
)
def test_a_bad_sample_is_named_with_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "coffee.1.csv"
    path.write_text(text)
    edge_refused(path, said)


def test_another_first_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.1.csv").write_text("time,a\n0,1\n")
    edge_refused(tmp_path, "first column 'time', expected 'timestamp' in milliseconds")
    (tmp_path / "a.1.csv").unlink()
    edge_refused(tmp_path, "holds no .csv or .json files", form="edge-impulse")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (sample_json(interval_ms=0), "payload.interval_ms is 0, expected more than 0"),
        (sample_json(interval_ms="1"), "payload.interval_ms is '1'"),
        (sample_json(values=[]), "payload has no sensors or no values"),
        (sample_json(values=[[1, 2]]), "payload.values[0] has 2 values, expected 3"),
        (sample_json(values=[[1, 2, 3], [1, None, 3]]), "payload.values[1][1] is None, expected a number"),
        (sample_json(sensors=[{"name": "a"}]), "payload.sensors[0], expected a name and units"),
        (
            sample_json(sensors=[{"name": "a", "units": "furlong"}]),
            "payload.sensors[0]: unit 'furlong'",
        ),
        (sample_json(sensors=[{"name": "humidity", "units": "%"}], values=[[1]]), "are temperature and humidity only"),
        (sample_json(interval_ms=True), "payload.interval_ms is True"),
        (sample_json(interval_ms=10**400), "payload.interval_ms is 1000"),
        (sample_json(values=[[1, 2, 3], [1, 10**400, 3]]), "payload.values[1][1] is 1000"),
        (sample_json(values=[[0, 2, 3]]), "payload.values[0][0] is '0', expected a resistance of more than 0 ohm"),
        ({"values": []}, "has no payload"),
    ],
)
def test_a_bad_json_sample_is_named(tmp_path: Path, document: dict[str, Any], said: str) -> None:
    path = tmp_path / "coffee.1.json"
    path.write_text(json.dumps(document))
    edge_refused(path, said)


def test_json_that_is_none_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "coffee.1.json"
    path.write_text("{\n  oops")
    edge_refused(path, "coffee.1.json:2: column 3: no JSON")
    path.write_bytes(b'"\xff"')
    edge_refused(path, "byte 1 is no UTF-8 text")
    path.write_text("[" * 100_000)
    edge_refused(path, "its brackets lie too deep in one another")
    path.write_text('{"payload": ' + "9" * 5000 + "}")
    edge_refused(path, "holds a number that is none")
    path.write_text("[]")
    edge_refused(path, "holds no JSON object")


def test_two_files_with_other_sensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "coffee.1.csv").write_text(CSV)
    (tmp_path / "coffee.2.csv").write_text(CSV.replace("TGS2600", "TGS2611"))
    edge_refused(tmp_path, "coffee.2.csv:1: sensors TGS2611 (ohm), TGS2602 (ohm), expected TGS2600 (ohm)")
