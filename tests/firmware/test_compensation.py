"""An answer in other air: with compensation it holds at 35 C and 30 % rh, without it moves."""

import functools

import numpy as np
import pytest

from enose.link.device import Answer
from enose_contract.normalise import NORM_RANGE, at_reference_ohm
from enose_hwsim import gas
from enose_hwsim.board.world import REFERENCE_AIR
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chips import open_chip
from optional_rig import ALL_OF, FULL, Nose, nose
from rig import CHIP, SAMPLE_S, SwitchOn, changed, image

OTHER_AIR = (35.0, 30.0)
ODOUR_OHM = np.array([[22_000.0, 14_000.0, 18_000.0, 11_000.0]])
PLAIN = changed(FULL, sensors=changed(FULL.sensors, ppm_per_c=None, ppm_per_rh=None))
# Each input's range is about its resistance, as an image that was trained on such odours has it.
RANGES = {"low_ohm": [16_000, 9_000, 12_000, 7_000], "high_ohm": [28_000, 19_000, 24_000, 15_000]}


def inputs_v(ohm: np.ndarray) -> np.ndarray:
    """What the chip is driven with."""
    low, high = np.array(RANGES["low_ohm"]), np.array(RANGES["high_ohm"])
    return 0.85 + 0.1 * (ohm - low) / (high - low)


@functools.cache
def weights_that_tell_them_apart() -> list[int]:
    """Of random ones the first under which the odour lies well inside the middle band, and in other air outside."""
    weights_v = np.random.default_rng(1).uniform(0.72, 1.08, (4000, 25))
    seen = inputs_v(np.vstack([ODOUR_OHM, ODOUR_OHM * gas.air_factor(*OTHER_AIR)[:4]]))
    output_v = open_chip(CHIP, "fast").output_v(seen, weights_v)
    good = (abs(output_v[:, 0] - 0.90) < 0.008) & (abs(output_v[:, 1] - 0.90) > 0.028)
    return [round(volts * 1e6) for volts in weights_v[np.flatnonzero(good)[0]]]


def smelling(power_on: SwitchOn, file: BoardFile, air: tuple[float, float]) -> Nose:
    """A device in this air before an odour that reference air would show as ODOUR_OHM, its image NORM_RANGE."""
    found = nose(power_on, file, air=air)
    packed = image(
        board=file.name, normalisation=NORM_RANGE, baseline_ms=0, weights=weights_that_tell_them_apart(), **RANGES
    ).pack()
    found.device.program(packed)
    rows = ODOUR_OHM.repeat(20, axis=0)
    found.board.present(rows, rows, rows, SAMPLE_S)
    return found


def answer(power_on: SwitchOn, file: BoardFile, air: tuple[float, float]) -> Answer:
    return smelling(power_on, file, air).device.measure()


@pytest.mark.parametrize("name", ALL_OF)
def test_with_compensation_the_answer_holds_in_other_air(power_on: SwitchOn, name: str) -> None:
    here, there = (answer(power_on, ALL_OF[name], air) for air in (REFERENCE_AIR, OTHER_AIR))
    assert (here.compensation, there.compensation) == ("on", "on")
    # the air's noise of 0.04 C and 0.08 % under 2 % and 0.7 % of each, the ADC's, and the quotient's third order
    assert there.ohms == pytest.approx(here.ohms, rel=3e-3)
    assert there.ohms == pytest.approx(ODOUR_OHM[0].tolist(), rel=3e-3)
    assert (there.answer, there.label) == (here.answer, here.label)
    # an input's 100 mV span 12 and 8 kohm: 3e-3 of 22 kohm are 0.6 mV; the chip's gain is below 2
    assert there.output_v == pytest.approx(here.output_v, abs=3e-3)


def test_without_compensation_it_moves(power_on: SwitchOn) -> None:
    here, there = (answer(power_on, PLAIN, air) for air in (REFERENCE_AIR, OTHER_AIR))
    assert (here.compensation, there.compensation) == ("none", "none")
    expected = ODOUR_OHM[0] * gas.air_factor(*OTHER_AIR)[:4]
    assert there.ohms == pytest.approx(expected.tolist(), rel=1e-3)  # the ADC: a count is 0.04 %
    assert abs(there.output_v - here.output_v) > 20e-3
    assert there.label != here.label


def test_where_the_climate_sensor_is_silent_it_moves_and_says_so(power_on: SwitchOn) -> None:
    found = smelling(power_on, FULL, OTHER_AIR)
    found.wiring.climate.absent = True
    found.wait(6)
    there = found.device.measure()
    expected = ODOUR_OHM[0] * gas.air_factor(*OTHER_AIR)[:4]
    assert there.ohms == pytest.approx(expected.tolist(), rel=1e-3)
    assert there.compensation == "off: the climate sensor does not answer"


def test_the_board_files_have_the_coefficients_of_the_simulated_sensors() -> None:
    """One function for device and host: it takes back what the simulated air does, to the quotient's third order."""
    for file in ALL_OF.values():
        for position, (per_c, per_rh) in enumerate(zip(file.sensors.ppm_per_c, file.sensors.ppm_per_rh, strict=True)):
            for air in ((35.0, 30.0), (5.0, 90.0), (30.0, 80.0)):
                shown = round(100_000 * gas.air_factor(*air)[position % 8])
                ohm = at_reference_ohm(shown, round(air[0] * 1e3), round(air[1] * 1e3), per_c, per_rh)
                x = np.log(gas.air_factor(*air)[position % 8])
                assert ohm == pytest.approx(100_000, rel=abs(x) ** 3 / 6 + 1e-5)
