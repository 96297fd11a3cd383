"""On-chip learning: the twin against ngspice, charge and leak, the board's rules, and which weights are kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning.selection import after_sequence, margin_v
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.learning.spice import SpiceLearningChip
from enose_hwsim.chips.learning.tables import CAP_V, capacitance, learning_tables
from enose_hwsim.chips.learning.training import Capacitors, Rules, learn
from enose_hwsim.chips.learning.transient import learn_in_transient
from enose_hwsim.chips.learning.twin import LearningTwin

pytestmark = [pytest.mark.usefixtures("libngspice", "tables_folder"), pytest.mark.timeout(300)]

SAMPLES = 12
SEED = 11
PICO = 1e-12


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


@pytest.fixture(scope="module")
def mismatch(chip: MlpFile) -> tuple[Shifts, LearningShifts]:
    rng = np.random.default_rng(SEED)
    return Shifts.draw(chip.topology, 2, rng), LearningShifts.draw(chip.topology, 2, rng)


@pytest.fixture(scope="module")
def twin(chip: MlpFile, mismatch: tuple[Shifts, LearningShifts], tables_folder: Path) -> LearningTwin:
    return LearningTwin(chip, *mismatch)


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, teachers and weights for one chip."""
    rng = np.random.default_rng(SEED)
    inputs_v = rng.uniform(0.85, 0.95, (1, SAMPLES, 4))
    teacher_v = np.tile([0.86, 0.90, 0.94], (1, SAMPLES // 3))
    return inputs_v, teacher_v, rng.uniform(0.8, 1.0, (1, 25))


def one(twin: LearningTwin, mismatch: tuple[Shifts, LearningShifts], chip: MlpFile) -> LearningTwin:
    return LearningTwin(chip, mismatch[0].chip(0), mismatch[1].chip(0))


def test_twin_and_ngspice_learn_the_same_weights(
    chip: MlpFile,
    twin: LearningTwin,
    mismatch: tuple[Shifts, LearningShifts],
    samples: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    inputs_v, teacher_v, weights_v = samples
    capacitors = Capacitors(chip, twin.tables.capacitance_f, 27.0)
    order = np.arange(SAMPLES)[None, None]
    rng = np.random.default_rng(SEED)
    rules = replace(Rules.paper(), read_step_v=1e-9)  # else one step of the read-out would be all that is seen
    spice = SpiceLearningChip(chip, 27.0, mismatch[0].chip(0), mismatch[1].chip(0))
    slow = learn(chip, spice, capacitors, inputs_v, teacher_v, order, weights_v, rules, rng)
    fast = learn(chip, one(twin, mismatch, chip), capacitors, inputs_v, teacher_v, order, weights_v, rules, rng)
    # Twelve pulses of 20 us at currents that are 0.03 nA off would be 0.9 mV; weights move by 100 mV meanwhile.
    assert np.abs(slow.weights_v - fast.weights_v).max() < 1e-3
    assert np.abs(slow.weights_v[-1] - weights_v).max() > 0.05
    assert np.abs(slow.output_v - fast.output_v).max() < 1e-3


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
    _, at_zero_a = twin.respond(inputs_v, None, weights_v)
    output_v, _ = twin.respond(inputs_v, None, weights_v)
    _, at_ten_mv_a = twin.respond(inputs_v, output_v + 0.01, weights_v)
    assert np.std(at_zero_a) > 0.5 * np.std(at_ten_mv_a - at_zero_a)
    # A training whose every teacher is the output already moves only the weights that are not trimmed.
    capacitors, order = Capacitors(chip, twin.tables.capacitance_f, 27.0), np.zeros((2, 1, 1), dtype=np.intp)
    few_v, rng = inputs_v[:, :1], np.random.default_rng(SEED)
    trimmed = learn(chip, twin, capacitors, few_v, output_v[:, :1], order, weights_v, Rules(), rng)
    plain = learn(chip, twin, capacitors, few_v, output_v[:, :1], order, weights_v, Rules.paper(), rng)
    # 0.25 mV stays: the auto-zero round takes the currents at a pulse's beginning for those of the whole.
    assert np.abs(trimmed.weights_v[-1] - weights_v).max() < 0.5e-3
    assert np.abs(plain.weights_v[-1] - weights_v).max() > 2e-3


def test_charge_is_exact_and_the_leak_the_chip_files(chip: MlpFile) -> None:
    constant = Capacitors(chip, np.full(len(CAP_V), 8 * PICO), 35.0)
    moved = constant.charged_v(np.array([0.9]), np.array([2e-9]), 20e-6)
    assert moved[0] == pytest.approx(0.905, abs=1e-12)  # 40 fC on 8 pF
    assert constant.held_v(moved, 0.04)[0] == pytest.approx(0.905 - 0.04 * 0.02, abs=1e-9)  # doubled at 35 C


def test_weights_stay_within_their_range(chip: MlpFile) -> None:
    class Stuck:
        def respond(self, inputs_v, teacher_v, weights_v):
            return np.full(inputs_v.shape[:2], 0.9), np.full((*inputs_v.shape[:2], 25), 50e-9)

    capacitors = Capacitors(chip, np.full(len(CAP_V), 8 * PICO), 27.0)
    order = np.zeros((1, 8, 1), dtype=np.intp)
    arguments = (np.full((1, 1, 4), 0.9), np.full((1, 1), 0.9), order, np.full((1, 25), 0.9), Rules.paper())
    history = learn(chip, Stuck(), capacitors, *arguments, np.random.default_rng(SEED))
    assert history.weights_v.max() == chip.synapse.weight_max_v


def test_pulses_shrink_in_a_geometric_row() -> None:
    rules = Rules(first_pulse_s=8e-6, last_pulse_s=2e-6)
    np.testing.assert_allclose([rules.pulse_s(k, 3) for k in range(3)], [8e-6, 4e-6, 2e-6])
    assert Rules.paper().pulse_s(0, 1) == Rules.paper().pulse_s(7, 9) == 20e-6


def test_selection() -> None:
    assert after_sequence(np.array([0, 1, 2, 0, 1, 2, 1]), (0, 1, 2)) == 5
    assert after_sequence(np.array([2, 1, 0]), (0, 1, 2)) == 2
    output_v = np.array([0.94, 0.90, 0.86, 0.89])
    assert margin_v(output_v, np.array([0.94, 0.90, 0.86, 0.86]), 0.02) == pytest.approx((0.02 + 0.02 - 0.01) / 3)


def test_errors(chip: MlpFile, twin: LearningTwin, mismatch: tuple[Shifts, LearningShifts]) -> None:
    with pytest.raises(ValueError, match="shifts of 2 chips and learning cells of 1"):
        learning_tables(chip, mismatch[0], mismatch[1].chip(0), 27.0)
    capacitors = Capacitors(chip, twin.tables.capacitance_f, 27.0)
    nothing = (np.full((2, 1, 4), 0.9), np.full((2, 1), 0.9), np.ones((2, 1, 1), dtype=np.intp), np.full((2, 25), 0.9))
    with pytest.raises(ValueError, match=r"order of shape \(2, 1, 1\), expected 2 chips' rows of samples 0..0"):
        learn(chip, twin, capacitors, *nothing, Rules(), np.random.default_rng(SEED))
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


def test_events_and_one_full_transient_agree(chip: MlpFile) -> None:
    """A sample with a pulse of 20 us, settled: what the event-wise solution leaves out is small."""
    rng = np.random.default_rng(SEED)
    inputs_v, teacher_v, weights_v = rng.uniform(0.85, 0.95, (1, 4)), np.array([0.86]), rng.uniform(0.8, 1.0, 25)
    capacitors = Capacitors(chip, capacitance(chip, 27.0), 27.0)
    capacitors.leak_v_per_s = 0.0  # the transient has none
    rules, order = replace(Rules.paper(), read_step_v=1e-9), np.zeros((1, 1, 1), dtype=np.intp)
    events = learn(
        chip, SpiceLearningChip(chip), capacitors, inputs_v[None], teacher_v[None], order, weights_v[None], rules, rng
    )
    trace = learn_in_transient(chip, inputs_v, teacher_v, weights_v, 20e-6, 1e-3)
    assert trace.output_v[0] == pytest.approx(events.output_v[0, 0], abs=1e-5)
    # The network lags its weights within the pulse, and the switches leave charge: 1.1 mV of moves of 6 mV.
    assert np.abs(trace.weights_v[0] - events.weights_v[0, 0]).max() < 2e-3
