"""The estimate of a board's power: figures times seconds, its limits, its command."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import find_board
from enose.cli.main import run
from enose.power import PowerError, estimate, figures, lived_seconds, planned_seconds
from enose_hwsim.boardfile import Load, Power
from rig import BOARD, changed

POWER = Power(
    efficiency=0.5,
    battery_v=4.0,
    loads=(
        Load("heater", 200.0, "heated", "ours", count=2),
        Load("processor", 100.0, "awake", "ours", off_mw=10.0),
        Load("chip", 1.0, "always", "ours"),
    ),
)


def test_energy_is_power_times_time_and_the_battery_gives_the_losses_too() -> None:
    made = estimate(POWER, {"always": 100.0, "awake": 25.0, "heated": 10.0, "measuring": 5.0}, 2)
    assert made.parts_j == {"heater": pytest.approx(4.0), "processor": pytest.approx(3.25), "chip": pytest.approx(0.1)}
    fields = made.fields(1000.0)
    assert fields["estimated"] is True
    assert fields["mean_mw"] == pytest.approx(7.35 / 0.5 / 100 * 1e3)
    assert fields["energy_per_measurement_j"] == pytest.approx(7.35)
    assert fields["energy_per_day_j"] == pytest.approx(7.35 / 0.5 * 864)
    assert fields["share_of_heaters"] == pytest.approx(4.0 / 7.35)
    assert fields["battery_h"] == pytest.approx(4.0 / 0.147)  # 4 Wh at 147 mW


@pytest.mark.parametrize(
    ("interval_s", "heated_s", "awake_s"),
    [
        (0, 45, 45),
        (45, 45, 45),
        (49, 49, 49),  # a pause of 4 s is not slept through
        (80, 80, 45),  # a pause of 35 s is no longer than the warm-up of 30 s and 5 s: heaters on, asleep
        (81, 75, 75),
        (900, 75, 75),
    ],
)
def test_the_plan_is_that_of_the_firmwares_schedule(interval_s: float, heated_s: float, awake_s: float) -> None:
    seconds = planned_seconds(BOARD, interval_s)
    assert (seconds["heated"], seconds["awake"]) == (heated_s, awake_s)


@given(st.floats(81, 1e6), st.floats(81, 1e6))
def test_the_rarer_it_measures_the_less_it_takes(one_s: float, other_s: float) -> None:
    means = [estimate(POWER, planned_seconds(BOARD, s), 1).battery_j / s for s in sorted((one_s, other_s))]
    assert means[0] >= means[1] * (1 - 1e-12)  # of rounding


def test_what_a_device_has_counted_are_its_seconds() -> None:
    life = {"uptime_s": 100, "asleep_s": 60, "heated_s": 30, "measuring_s": 20}
    assert lived_seconds(life) == {"always": 100, "awake": 40, "heated": 30, "measuring": 20}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pico-memristor"], "pico-memristor: its file has no [power] section"),
        (["pico-mlp", "--interval", "30"], "an interval of 30 s, expected at least the 45 s of a measurement"),
        (["pico-mlp", "--interval", "-1"], "--interval -1: expected 0 to 1e+06"),
        (["pico-mlp", "--battery", "nan"], "--battery nan: expected 0 to 1e+06"),
        (["pico-mlp", "--plot", "nowhere/p.png"], "there is no folder nowhere"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["board", "power", *arguments]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_no_time_is_no_estimate() -> None:
    with pytest.raises(PowerError, match=r"0 s of use, expected more than 0 s"):
        estimate(POWER, dict.fromkeys(("always", "awake", "heated", "measuring"), 0.0), 0)
    with pytest.raises(PowerError, match=r"no \[power\] section"):
        figures(changed(BOARD, power=None))


def test_the_command_says_that_all_of_it_is_estimated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "power.png"
    asked = ["board", "power", "pico-mlp", "--interval", "900", "--battery", "5000"]
    assert run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["estimated"] is True
    assert set(found["parts_mw"]) == {load.part for load in figures(find_board("pico-mlp")[0]).loads}
    assert 0.5 < found["share_of_heaters"] < 1
    assert run([*asked, "--plot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "estimated, nothing was measured" in said
    assert f"5000 mAh last {found['battery_h']:.1f} h" in said
    assert picture.read_bytes().startswith(b"\x89PNG")
