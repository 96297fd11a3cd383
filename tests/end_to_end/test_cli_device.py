"""`enose device ...` against the simulated board: documented keys, exit codes, results on stdout."""

import json
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from rig import image

SIM = ["--device", "sim:pico-mlp"]
pytestmark = pytest.mark.usefixtures("micropython")


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    path = tmp_path / "fruit.img"
    path.write_bytes(image(baseline_ms=2000, exposure_ms=4000, recovery_ms=1000, scan_ms=500).pack())
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON document that a command prints: stdout holds it and nothing else."""
    assert run(["device", *arguments, *SIM, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    info = answered(capsys, "info")
    assert {"device", "board", "chip", "micropython", "memory_free_start", "memory_free_low", "refresh"} <= set(info)
    assert (info["device"], info["board"], info["state"]) == ("sim:pico-mlp", "pico-mlp", "idle")
    assert info["micropython"].startswith("micropython 1.")


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    result = answered(capsys, "selftest")
    assert result["passed"] is True
    assert all(result["checks"].values())


def test_a_selftest_that_fails_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enose_hwsim.board.wiring.MCU_ADC_FULL_V", 3.0)  # an ADC that reads a tenth too high
    result = answered(capsys, "selftest", code=FAILED)
    assert result["checks"]["chip supply"] is False


def test_program(capsys: pytest.CaptureFixture[str], fruit: Path) -> None:
    result = answered(capsys, "program", str(fruit))
    assert set(result) == {"device", "simulated", "image", "generation", "weights", "classes", "status"}
    assert (result["generation"], result["weights"]) == (1, 25)
    assert result["classes"] == ["banana", "lemon", "lychee"]
    assert result["status"]["weights"] == "held"


def test_an_image_for_another_board_is_refused_before_it_is_sent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "other.img"
    path.write_bytes(image(board="pico2-mlp", chip="resistor341").pack())
    assert run(["device", "program", str(path), *SIM]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    said = " ".join(err.split())
    assert "is not for sim:pico-mlp, nothing was sent" in said
    assert "chip: the image wants resistor341, there is mlp441" in said
    assert "board: the image wants pico2-mlp, there is pico-mlp" in said
    assert "`enose train PROJECT --board pico-mlp --save-image" in said


def test_air(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "air", "--device", "sim:pico2-mlp", "--json"]) == 0
    air = json.loads(capsys.readouterr().out)
    assert set(air) == {"device", "simulated", "temperature_c", "humidity_rh", "pressure_pa", "gas_ohm"}
    assert air["temperature_c"] == pytest.approx(20.0, abs=0.1)  # reference air, and the part's noise
    assert air["humidity_rh"] == pytest.approx(65.0, abs=0.2)
    assert air["gas_ohm"] == pytest.approx([50_000] * 6, rel=0.005)
    assert run(["device", "air", "--device", "sim:pico-memristor"]) == 0
    assert "None" in capsys.readouterr().out  # it has neither


def test_classify(capsys: pytest.CaptureFixture[str], fruit: Path) -> None:
    arguments = ("classify", "--image", str(fruit), "--odour", "banana", "--seed", "3")
    result = answered(capsys, *arguments)
    assert set(result) == {
        *("device", "simulated", "answer", "class", "reason", "output_v", "outputs_v", "margin_v"),
        *("inputs_v", "resistances_ohm", "weights", "compensation"),
        *("sensors_bad", "sensors_drifted", "burn_in_s"),
    }
    assert result["simulated"] is True
    assert result["answer"] in ("CLASS", "ABSTAIN", "NONE")
    assert max(result["inputs_v"]) == 0.95
    assert answered(capsys, *arguments) == result  # the same seed is the same run
    assert answered(capsys, *arguments[:-1], "4") != result


def test_classify_without_an_image_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "classify", *SIM]) == FAILED
    assert capsys.readouterr().err.strip().splitlines()[-1] == "error: no image is active: program one first"


def test_safe_and_clear(capsys: pytest.CaptureFixture[str]) -> None:
    result = answered(capsys, "safe")
    assert (result["state"], result["fault"]) == ("safe", "asked for by the host")
    assert answered(capsys, "safe", "--clear")["state"] == "idle"


def test_log_as_json_and_as_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    result = answered(capsys, "log", "--csv", str(path))
    assert (result["simulated"], result["lost"]) == (True, 0)
    assert [entry["event"] for entry in result["entries"]] == ["start"]
    header, row = path.read_text().splitlines()
    assert (header.split(",")[:4], row.split(",")[:4]) == (
        ["sequence", "start", "uptime_s", "event"],
        ["1", "1", "0", "start"],
    )
    for since in ("-1", "4294967296"):
        assert run(["device", "log", "--since", since, *SIM]) == BAD_INPUT
        assert f"--since {since}: a sequence number is 0 to 4294967295" in capsys.readouterr().err
    assert answered(capsys, "log", "--since", "4294967295")["entries"] == []
    assert run(["device", "log", "--csv", str(tmp_path / "none" / "x"), *SIM]) == BAD_INPUT


def test_fit_tells_the_device_what_an_image_was_made_for(capsys: pytest.CaptureFixture[str], fruit: Path) -> None:
    result = answered(capsys, "fit", "--image", str(fruit), "--calibration", "0")
    assert (result["sensor_set"], result["calibration"]) == (b"sensors1".hex(), None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to tell: name --image, --sensor-set, --calibration, --heated or --leak"),
        (["--sensor-set", "xyz"], "--sensor-set 'xyz': expected 16 hexadecimal digits, or 0 for any"),
        (["--calibration", "0" * 18], "expected 16 hexadecimal digits"),
    ],
)
def test_fit_refuses_what_it_cannot_tell(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert run(["device", "fit", *arguments, *SIM]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_key_is_made_once_and_set(capsys: pytest.CaptureFixture[str], tmp_path: Path, fruit: Path) -> None:
    path = tmp_path / "field.key"
    assert answered(capsys, "key", str(path))["sealed_images_only"] is True
    key = path.read_bytes()
    assert (len(key), path.stat().st_mode & 0o777) == (32, 0o600)
    answered(capsys, "key", str(path))
    assert path.read_bytes() == key
    # a simulated board starts blank, without the key
    assert run(["device", "program", str(fruit), "--key", str(path), *SIM]) == FAILED
    assert "the device has no key" in capsys.readouterr().err
    path.write_bytes(key[:31])
    for verb in (["key", str(path)], ["program", str(fruit), "--key", str(path)]):
        assert run(["device", *verb, *SIM]) == BAD_INPUT
        assert "31 bytes, a key has 32" in capsys.readouterr().err
    assert run(["device", "program", str(fruit), "--key", str(tmp_path / "none"), *SIM]) == BAD_INPUT
    assert run(["device", "key", str(tmp_path / "none" / "x"), *SIM]) == BAD_INPUT
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["info"], ["selftest"], ["safe"], ["log"]], ids=" ".join)
def test_without_json_the_same_is_told_in_words(capsys: pytest.CaptureFixture[str], verb: list[str]) -> None:
    assert run(["device", *verb, *SIM]) == 0
    out = capsys.readouterr().out
    assert "sim:pico-mlp" in out
    with pytest.raises(json.JSONDecodeError):
        json.loads(out)


def test_programming_and_classifying_in_words(capsys: pytest.CaptureFixture[str], fruit: Path) -> None:
    assert run(["device", "program", str(fruit), *SIM]) == 0
    assert "banana, lemon, lychee" in capsys.readouterr().out
    assert run(["device", "classify", "--image", str(fruit), *SIM]) == 0
    assert "mV from the nearest edge" in capsys.readouterr().out


def test_a_firmware_that_does_not_start_is_exit_code_1_with_its_last_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "micropython"
    broken.write_text("#!/bin/sh\necho 'Illegal instruction' >&2\n")
    broken.chmod(0o755)
    monkeypatch.setenv("ENOSE_MICROPYTHON", str(broken))
    assert run(["device", "info", *SIM]) == FAILED
    err = capsys.readouterr().err
    assert err == "error: the firmware's process has ended; it said: Illegal instruction\n"


def test_a_board_file_of_ones_own_is_simulated_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rig import BOARD_PATH

    path = tmp_path / "mine.toml"
    path.write_text(BOARD_PATH.read_text().replace('name = "pico-mlp"', 'name = "mine"'))
    assert run(["device", "info", "--device", f"sim:{path}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "mine"
    path.write_text("name = 3")
    assert run(["device", "info", "--device", f"sim:{path}", "--json"]) == BAD_INPUT
    assert capsys.readouterr().out == ""


def test_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    told = answered(capsys, "schedule", "900")
    assert told == {"device": "sim:pico-mlp", "simulated": True, "interval_s": 900, "next_s": 0, "restarting": True}
    assert answered(capsys, "schedule", "board")["interval_s"] == 0


@pytest.mark.parametrize(
    ("interval", "code", "said"),
    [
        ("soon", BAD_INPUT, "interval 'soon': expected whole seconds, 0 for none, or `board`"),
        ("3", FAILED, "an interval of 3 s; 0, or 10 to 604800 s"),
    ],
)
def test_a_bad_schedule_is_one_line(interval: str, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "schedule", interval, *SIM]) == code
    assert said in " ".join(capsys.readouterr().err.split())


def test_heated_hours_out_of_their_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "fit", "--heated", "-1", *SIM]) == BAD_INPUT
    assert "--heated -1: 0 to 100000 hours" in " ".join(capsys.readouterr().err.split())
    assert answered(capsys, "fit", "--heated", "48")["sensors_heated_s"] == 0  # this board does not count


def test_a_leak_is_told_in_millivolts_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "fit", "--leak", "1001", *SIM]) == BAD_INPUT
    assert "--leak 1001: 0 to 1000 mV/s" in " ".join(capsys.readouterr().err.split())
    assert answered(capsys, "fit", "--leak", "12.5")["leak_v_per_s"] == 0.0125


def test_the_power_that_a_device_took_is_estimated_from_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    info = answered(capsys, "info")
    assert info["life"]["interval_s"] == 0
    assert info["power"] is None  # nothing was heated, and this board counts nothing without a schedule
