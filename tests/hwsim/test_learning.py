"""On-chip learning: the twin against ngspice at rest and in a transient, charges, the board's rules, kept weights."""

from pathlib import Path

import numpy as np
import pytest

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning.agreement import agreement, compared
from enose_hwsim.chips.learning.capacitors import CAP_V, Capacitors
from enose_hwsim.chips.learning.charging import Charging, Lags
from enose_hwsim.chips.learning.selection import after_sequence, margin_v
from enose_hwsim.chips.learning.settling import Settling
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.learning.spice import SpiceLearningChip
from enose_hwsim.chips.learning.tables import learning_tables
from enose_hwsim.chips.learning.training import History, Rules, learn
from enose_hwsim.chips.learning.transient import TransientLearningChip
from enose_hwsim.chips.learning.twin import LearningTwin

pytestmark = [pytest.mark.usefixtures("libngspice"), pytest.mark.timeout(300)]

SAMPLES = 12
SEED = 11
PICO, FEMTO = 1e-12, 1e-15
LAGS = Lags(*(9 * [1e-6]))


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


@pytest.fixture(scope="module")
def mismatch(chip: MlpFile) -> tuple[Shifts, LearningShifts]:
    rng = np.random.default_rng(SEED)
    return Shifts.draw(chip.topology, 2, rng), LearningShifts.draw(chip.topology, 2, rng)


@pytest.fixture(scope="module")
def twin(chip: MlpFile, mismatch: tuple[Shifts, LearningShifts]) -> LearningTwin:
    return LearningTwin(chip, *mismatch)


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, teachers and weights for one chip."""
    rng = np.random.default_rng(SEED)
    inputs_v = rng.uniform(0.85, 0.95, (1, SAMPLES, 4))
    teacher_v = np.tile([0.86, 0.90, 0.94], (1, SAMPLES // 3))
    return inputs_v, teacher_v, rng.uniform(0.8, 1.0, (1, 25))


@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_twin_and_ngspice_agree_at_rest(
    chip: MlpFile,
    mismatch: tuple[Shifts, LearningShifts],
    samples: tuple[np.ndarray, np.ndarray, np.ndarray],
    temperature_c: float,
) -> None:
    few = 4  # far from 27 C ngspice has a long way to its first solution
    inputs_v, teacher_v, weights_v = samples[0][:, :few], samples[1][:, :few], samples[2]
    one = mismatch[0].chip(0), mismatch[1].chip(0)
    twin, spice = LearningTwin(chip, *one, temperature_c), SpiceLearningChip(chip, temperature_c, *one)
    state = twin.state(inputs_v, weights_v)
    update_a = twin.update_a(state, inputs_v, teacher_v, weights_v)
    answers = [spice.answer(inputs_v[0, s], teacher_v[0, s], weights_v[0]) for s in range(few)]
    # 0.4 mV as `enose chip certify`; 0.05 nA is 0.06 mV of a weight in a pulse of 10 us.
    assert np.abs(state.answer_v[0] - [answer.output_v for answer in answers]).max() < 0.4e-3
    assert np.abs(update_a[0] - [answer.update_a for answer in answers]).max() < 0.05e-9
    assert np.abs(update_a).max() > 5e-9


def test_twelve_samples_in_one_transient(
    chip: MlpFile, mismatch: tuple[Shifts, LearningShifts], samples: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """The paper's rules: 20 us a sample, weights that nobody touches between the pulses."""
    inputs_v, _, weights_v = samples
    rng = np.random.default_rng(SEED)
    teacher_v = rng.permutation(np.resize([0.86, 0.90, 0.94], SAMPLES))[None]
    one = mismatch[0].chip(0), mismatch[1].chip(0)
    twin, rules = LearningTwin(chip, *one), Rules(20e-6, 20e-6, trim_epochs=0, read_step_v=1e-9)
    events = learn(chip, twin, inputs_v, teacher_v, np.arange(SAMPLES)[None, None], weights_v, rules, 0.0)
    trace = TransientLearningChip(chip, 27.0, *one).trace(inputs_v[0], teacher_v[0], weights_v[0], 20e-6)
    whole = History(trace.output_v[:, None], events.teacher_v, trace.weights_v[:, None], events.pulse_s)
    found = compared(events, whole, weights_v)
    # A pulse of 20 us errs by up to 0.8 mV in a weight, mostly where moves of 30 mV outrun the nodes' time constants,
    # which are those of small signals. The errors of twelve pulses partly cancel, for a weight that went too far gets
    # less.
    assert found.weights_v < 2e-3
    assert found.outputs_v < 2e-3
    assert found.moved_v > 0.03


def test_trimmed_training_and_transient_agree(chip: MlpFile) -> None:
    """Both trim themselves with pulses of their own, three samples to measure and three to learn."""
    found = agreement(chip, Rules(), SEED, samples=3)
    # A pulse of 10 us errs by up to 0.25 mV in a weight; trim and training are two pulses each, three samples long.
    assert found.weights_v < 1e-3
    assert found.outputs_v < 1e-3
    assert found.moved_v > 3e-3


def test_update_follows_the_gradient(chip: MlpFile) -> None:
    """On the nominal chip a small step along the currents brings the outputs nearer to their teachers."""
    nominal = LearningTwin(chip, Shifts.none(chip.topology), LearningShifts.none(chip.topology))
    rng = np.random.default_rng(SEED)
    inputs_v, weights_v = rng.uniform(0.85, 0.95, (1, 6, 4)), rng.uniform(0.85, 0.95, (1, 25))
    state = nominal.state(inputs_v, weights_v)
    teacher_v = np.where(state.answer_v > 0.9, 0.86, 0.94)
    update_a = nominal.update_a(state, inputs_v, teacher_v, weights_v)
    for s in range(6):
        moved = nominal.state(inputs_v[:, s : s + 1], weights_v + update_a[:, s] * 1e6).answer_v[0, 0]
        before, wanted = state.answer_v[0, s], teacher_v[0, s]
        assert abs(moved - wanted) < abs(before - wanted)


def test_offsets_at_zero_error_are_as_large_as_the_signal_and_trimmed(
    chip: MlpFile, twin: LearningTwin, samples: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    inputs_v = np.repeat(samples[0], 2, axis=0)
    weights_v = np.repeat(samples[2], 2, axis=0)
    state = twin.state(inputs_v, weights_v)
    output_v = state.answer_v
    at_zero_a, at_ten_mv_a = (twin.update_a(state, inputs_v, output_v + error_v, weights_v) for error_v in (0.0, 0.01))
    assert np.std(at_zero_a) > 0.5 * np.std(at_ten_mv_a - at_zero_a)
    # A training whose every teacher is the output already moves only the weights that are not trimmed.
    order, leak = np.zeros((2, 1, 1), dtype=np.intp), chip.leak_v_per_s(27.0)
    arguments = inputs_v[:, :1], output_v[:, :1], order, weights_v
    trimmed = learn(chip, twin, *arguments, Rules(), leak)
    plain = learn(chip, twin, *arguments, Rules.paper(), leak)
    # The trim is the same pulse on the same weights.
    assert np.abs(trimmed.weights_v[-1] - weights_v).max() < 1e-9
    assert np.abs(plain.weights_v[-1] - weights_v).max() > 2e-3


def test_charge_is_exact(chip: MlpFile) -> None:
    """40 fC on 8 pF; on 10 pF where a weight bears two synapses; and 50 fF shared with a node at V_ref."""
    capacitance_f = np.repeat([[8 * PICO], [10 * PICO]], len(CAP_V), axis=1)
    still = Capacitors(chip, Charging(capacitance_f, np.zeros(3), 0.0, LAGS))
    moved_v = still.charged_v(np.full((2, 25), 0.9), np.full((2, 25), 2e-9), 20e-6)
    expected_v = np.where(np.isin(np.arange(25), (20, 21, 22, 23)), 0.904, 0.905)
    np.testing.assert_allclose(moved_v, [expected_v, expected_v], rtol=0, atol=1e-12)
    shared = Capacitors(chip, Charging(capacitance_f, np.array([0.0, -50 * FEMTO, 0.0]), 0.0, LAGS))
    assert shared.switched_v(np.full(25, 1.0))[0] == pytest.approx(1.0 - 0.1 * 0.05 / 8, abs=1e-9)
    assert shared.charged_v(np.full(25, 0.9), np.full(25, 2e-9), 20e-6)[0] == pytest.approx(0.9 + 0.04 / 8.05, abs=1e-9)


def test_leak_is_the_chip_files(chip: MlpFile) -> None:
    class Idle:
        def pulsed(self, inputs_v, teacher_v, weights_v, pulse_s):
            return np.full(len(inputs_v), 0.9), weights_v

    arguments = np.full((1, 1, 4), 0.9), np.full((1, 1), 0.9), np.zeros((1, 3, 1), dtype=np.intp), np.full((1, 25), 0.9)
    history = learn(chip, Idle(), *arguments, Rules.paper(), chip.leak_v_per_s(35.0))
    # Doubled at 35 C, in three holds of 40 ms, read in steps of 62.5 uV.
    assert history.weights_v[-1] == pytest.approx(0.9 - 3 * 0.04 * 0.02, abs=3 * 31.25e-6)


def test_nodes_settle_as_time_constants_say() -> None:
    """A ramp through one lag: v = r - s (t - tau (1 - exp(-t / tau))) exactly, in steps of any length."""
    tau_s, slope = LAGS.sum_s, 3e3
    for step_s in (0.1e-6, 0.5e-6, 5e-6):
        nodes = Settling(LAGS)
        nodes.begin("sum_s", np.array([0.5]))
        follow = nodes.step(step_s)
        for k in range(1, 5):
            t_s = k * step_s
            v = follow("sum_s", np.array([0.5 + slope * t_s]))
            assert v[0] == pytest.approx(0.5 + slope * (t_s + tau_s * np.expm1(-t_s / tau_s)), abs=1e-9)


def test_weights_stay_within_their_range(chip: MlpFile) -> None:
    class Stuck:
        def pulsed(self, inputs_v, teacher_v, weights_v, pulse_s):
            return np.full(len(inputs_v), 0.9), weights_v + 0.12

    arguments = np.full((1, 1, 4), 0.9), np.full((1, 1), 0.9), np.zeros((1, 8, 1), dtype=np.intp), np.full((1, 25), 0.9)
    history = learn(chip, Stuck(), *arguments, Rules.paper(), 0.0)
    assert history.weights_v.max() == chip.synapse.weight_max_v


def test_pulses_shrink_in_a_geometric_row() -> None:
    rules = Rules(first_pulse_s=8e-6, last_pulse_s=2e-6, trim_epochs=0)
    np.testing.assert_allclose([rules.pulse_s(k, 3) for k in range(3)], [8e-6, 4e-6, 2e-6])
    kept = Rules(first_pulse_s=8e-6, last_pulse_s=2e-6, trim_epochs=2)  # what was trimmed is what is used
    np.testing.assert_allclose([kept.pulse_s(k, 5) for k in range(5)], [8e-6, 8e-6, 4e-6, 4e-6, 2e-6])
    assert Rules.paper().pulse_s(0, 1) == Rules.paper().pulse_s(7, 9) == 20e-6


def test_selection() -> None:
    assert after_sequence(np.array([0, 1, 2, 0, 1, 2, 1]), (0, 1, 2)) == 5
    assert after_sequence(np.array([2, 1, 0]), (0, 1, 2)) == 2
    output_v = np.array([0.94, 0.90, 0.86, 0.89])
    assert margin_v(output_v, np.array([0.94, 0.90, 0.86, 0.86]), 0.02) == pytest.approx((0.02 + 0.02 - 0.01) / 3)


def test_errors(chip: MlpFile, twin: LearningTwin, mismatch: tuple[Shifts, LearningShifts]) -> None:
    with pytest.raises(ValueError, match="shifts of 2 chips and learning cells of 1"):
        learning_tables(chip, mismatch[0], mismatch[1].chip(0), 27.0)
    nothing = (np.full((2, 1, 4), 0.9), np.full((2, 1), 0.9), np.ones((2, 1, 1), dtype=np.intp), np.full((2, 25), 0.9))
    with pytest.raises(ValueError, match=r"order of shape \(2, 1, 1\), expected 2 chips' rows of samples 0..0"):
        learn(chip, twin, *nothing, Rules(), 0.0)
    spice = SpiceLearningChip(chip)
    good = np.full(4, 0.9), 0.9, np.full(25, 0.9)
    assert spice.answer(*good).output_v == pytest.approx(0.9, abs=0.04)
    for arguments, text in (
        ((np.full(4, 0.96), 0.9, good[2]), r"input \[0, 0\]: 0.96 V"),
        ((good[0], float("nan"), good[2]), r"teacher \[0\]: nan V"),
        ((good[0], 0.9, np.full(24, 0.9)), r"weight voltages of shape \(24,\)"),
    ):
        with pytest.raises(ValueError, match=text):
            spice.answer(*arguments)
