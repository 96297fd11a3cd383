"""The chip on the board learns: pulses of Vc do what chips/learning says, its weights can be read back."""

import numpy as np
import pytest

from enose_hwsim.board.parts.analog_chip import HeldWeightChipPart
from enose_hwsim.chips import nominal_learner
from rig import CHIP, changed

pytestmark = [pytest.mark.usefixtures("libngspice"), pytest.mark.timeout(300)]

INPUTS_V = (0.86, 0.93, 0.95, 0.90)
TEACHER_V = 0.94


class Flat:
    """A chip model that answers nothing of interest."""

    def output_v(self, inputs_v, weights_v):
        return np.full(len(inputs_v), 0.9)


def taught(chip=CHIP, learner=lambda: nominal_learner(CHIP), teacher_v: float = TEACHER_V) -> HeldWeightChipPart:
    part = HeldWeightChipPart(chip, Flat(), lambda: 27.0, learner)
    for k in range(CHIP.topology.weights):
        for bit in range(5):
            part.set_address_bit(bit, k >> bit & 1, 0.0)
        part.set_weight_dac(0.8 + 0.008 * k, 0.0)
        part.set_strobe(1, 0.0)
        part.set_strobe(0, 20e-6)
    for k, v in enumerate(INPUTS_V):
        part.set_input_dac(k, v, 1e-3)
    part.set_switch(1, 1e-3)
    part.set_teacher_dac(teacher_v)
    return part


def pulse(part: HeldWeightChipPart, on_s: float, t_s: float = 5e-3) -> float:
    part.set_vc(1, t_s)
    part.set_vc(0, t_s + on_s)
    return t_s + on_s


@pytest.mark.parametrize("on_s", [20e-6, 2e-6, 0.48e-6])
def test_a_pulse_moves_the_weights_as_the_learning_twin_does(on_s: float) -> None:
    part = taught()
    before_v = part.weights_v(5e-3 + on_s)
    end_s = pulse(part, on_s)
    _, expected_v = nominal_learner(CHIP).pulsed(
        np.array([INPUTS_V]), np.array([TEACHER_V]), before_v[None], end_s - 5e-3
    )
    np.testing.assert_array_equal(part.weights_v(end_s), expected_v[0])
    assert np.abs(expected_v[0] - before_v).max() > 50e-6  # it does learn
    assert part.violations == []
    assert part.taught == 1


def test_the_addressed_weight_is_read_and_leaks_on() -> None:
    part = taught()
    end_s = pulse(part, 20e-6)
    for k in (0, 9, 24):
        for bit in range(5):
            part.set_address_bit(bit, k >> bit & 1, end_s)
        assert part.readout_v(end_s + 0.04) == part.weights_v(end_s + 0.04)[k]
    droop_v = part.weights_v(end_s)[24] - part.readout_v(end_s + 0.04)
    assert droop_v == pytest.approx(0.04 * CHIP.leak_v_per_s(27.0), rel=1e-6)  # a difference of doubles near 1
    part.set_strobe(1, end_s + 0.05)
    assert part.readout_v(end_s + 0.05) == 0.0


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("long", "Vc high for 2.1e-05 s"),
        ("teacher", "teacher at 0.700000 V"),
        ("open", "expected the switch closed"),
        ("strobe", "expected the switch closed and no strobe"),
        ("not built for it", "on a chip that does not learn"),
    ],
)
def test_what_teaches_wrongly_is_recorded(what: str, text: str) -> None:
    chip = changed(CHIP, learning=None) if what == "not built for it" else CHIP
    part = taught(chip, teacher_v=0.7 if what == "teacher" else TEACHER_V)
    if what == "open":
        part.set_switch(0, 2e-3)
    if what == "strobe":
        part.set_weight_dac(0.9, 2e-3)
        part.set_strobe(1, 2e-3)
    pulse(part, 21e-6 if what == "long" else 20e-6)
    assert len(part.violations) == 1
    assert text in part.violations[0]
