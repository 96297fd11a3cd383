"""The memristor network: its equations against closed forms, its circuit in ngspice, its fast twin, pulses."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import boards_folder
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.equations import EquationNetwork
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.pulses import ON_S, PERIOD_S, pulse_response
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from enose_hwsim.chips.memristor.sigmoid import transfer_v
from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork
from enose_hwsim.chips.memristor.spread import Spread
from enose_hwsim.chips.memristor.twin import OFFSET_LIMIT_V, SPREAD_LIMIT, TwinNetwork
from enose_hwsim.tomlfile import load

CHIP = load(boards_folder() / "chips" / "memristor542.toml", MemristorFile)
NETWORK = Network.of(CHIP)
COMMON_V, WEIGHTS = CHIP.input.common_v, CHIP.topology.weights
OPEN = np.zeros(WEIGHTS)

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, chips: int = 1, samples: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(CHIP.input.min_v, CHIP.input.max_v, (samples, CHIP.topology.inputs))
    return inputs_v, draw_ohms(CHIP, chips, rng)


# The equations.


@given(seeds)
def test_the_equations_are_weighted_sums_and_a_logistic(seed: int) -> None:
    inputs_v, ohms = drawn(seed)
    rows = [ohms[0, 6 * j : 6 * j + 6] for j in range(4)] + [ohms[0, 24 + 5 * k : 29 + 5 * k] for k in range(2)]
    gain = [[CHIP.adder.feedback_ohm / ohm if ohm else 0.0 for ohm in row] for row in rows]
    for sample, found in zip(inputs_v, EquationNetwork(NETWORK).output_v(inputs_v, ohms[0]), strict=True):
        sums = [sum(g * (v - COMMON_V) for g, v in zip(row, sample, strict=False)) + row[-1] * 0.1 for row in gain[:4]]
        tf = [1 / (1 + np.exp(-CHIP.activation.steepness_per_v * s)) for s in sums]
        outputs = [sum(0.1 * g * t for g, t in zip(row, tf, strict=False)) + row[-1] * 0.1 for row in gain[4:]]
        assert found == pytest.approx(COMMON_V + np.array(outputs), abs=1e-12)  # rounding of sums near 1


@pytest.mark.parametrize("kind", [EquationNetwork, SpiceNetwork, TwinNetwork])
def test_shapes_and_absolute_voltages(libngspice: str, kind: type) -> None:
    inputs_v, ohms = drawn(1, chips=3)
    chip = kind(NETWORK)
    assert chip.output_v(inputs_v, ohms[0]).shape == (4, 2)
    assert chip.output_v(inputs_v, ohms).shape == (3, 4, 2)
    assert np.array_equal(chip.output_v(inputs_v, ohms[:1])[0], chip.output_v(inputs_v, ohms[0]))
    # With all switches open an output gets what the op-amps lack in gain: 8 uV for being 0.75 V off their middle.
    assert chip.output_v(inputs_v, OPEN) == pytest.approx(np.full((4, 2), COMMON_V), abs=3e-5)


@pytest.mark.parametrize("kind", [EquationNetwork, SpiceNetwork, TwinNetwork])
@pytest.mark.parametrize(
    ("inputs_v", "ohms", "expected"),
    [
        (np.full((2, 5), 0.96), OPEN, r"input \[0, 0\]: 0.96 V, expected 0.85..0.95 V"),
        (np.full((1, 5), np.nan), OPEN, r"input \[0, 0\]: nan V"),
        (np.full((1, 4), 0.9), OPEN, r"input voltages of shape \(1, 4\), expected 5"),
        (np.empty((0, 5)), OPEN, r"input voltages of no samples, expected at least one"),
        (np.full((1, 5), 0.9), OPEN[1:], r"memristances of shape \(33,\), expected 34 in the last axis"),
        (np.full((1, 5), 0.9), np.empty((0, 34)), r"memristances of shape \(0, 34\), expected 34 in the last axis"),
        (np.full((1, 5), 0.9), OPEN[None, None], r"memristances of shape \(1, 1, 34\)"),
        (np.full((1, 5), 0.9), OPEN + 1999, r"memristance \[0\]: 1999 ohm, expected 2000..50000 ohm of either sign"),
        (np.full((1, 5), 0.9), OPEN[None] - 51e3, r"memristance \[0, 0\]: -51000 ohm, expected 2000..50000 ohm"),
        (np.full((1, 5), 0.9), OPEN + np.nan, r"memristance \[0\]: nan ohm"),
    ],
)
def test_bad_input_is_named(libngspice: str, kind: type, inputs_v: np.ndarray, ohms: np.ndarray, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        kind(NETWORK).output_v(inputs_v, ohms)


# The circuit in ngspice.


def test_ideal_parts_make_the_circuit_the_equations(libngspice: str) -> None:
    inputs_v, ohms = drawn(2, chips=5)
    better = replace(NETWORK, opamps=msgspec.structs.replace(CHIP.opamps, gain=1e9))
    run = SpiceNetwork(better).run(inputs_v, ohms)
    ideal = EquationNetwork(NETWORK).signals(inputs_v, ohms)
    # At a gain of 1e9 a sum lacks 1e-9 of 2 V times a noise gain of at most 31.
    assert np.abs(run.signals.sum_v - ideal.sum_v).max() < 1e-7
    # The sigmoid is a logistic within 10 mV (see below), of which the outputs get the weights' share.
    assert np.abs(run.signals.tf_v - ideal.tf_v).max() < 0.02
    tf = transfer_v(NETWORK, run.signals.sum_v[0, :, 0])
    assert run.signals.tf_v[0, :, 0] == pytest.approx(tf, abs=3e-5)  # the buffer's own gain


def test_an_offset_reaches_the_output_with_its_noise_gain(libngspice: str) -> None:
    none = Spread.none(NETWORK)
    offset_v = none.offset_v.copy()
    offset_v[0, NETWORK.opamp_names.index("sum4")] = 1e-3
    inputs_v = np.full((1, 5), COMMON_V)
    ohms = OPEN.copy()
    ohms[24] = -10e3  # one weight on the sum's stage: noise gain 1 + 10k/10k + 10k/10k
    shifted = SpiceNetwork(NETWORK, spread=replace(none, offset_v=offset_v)).output_v(inputs_v, ohms)
    apart_v = shifted - SpiceNetwork(NETWORK).output_v(inputs_v, ohms)
    assert apart_v[0] == pytest.approx([3e-3, 0.0], abs=1e-6)  # 1e-5 of loop gain left over


def test_a_programming_error_moves_its_weight(libngspice: str) -> None:
    none = Spread.none(NETWORK)
    error = none.weight_error.copy()
    error[0, 28] = 0.01  # output 1's bias
    ohms = OPEN.copy()
    ohms[28] = 10e3
    inputs_v = np.full((1, 5), COMMON_V)
    run = SpiceNetwork(NETWORK, spread=replace(none, weight_error=error)).run(inputs_v, ohms)
    assert run.signals.output_v[0, 0] == pytest.approx([0.1 / 1.01, 0.0], abs=5e-5)  # two stages' finite gain


def test_a_temperature_that_is_none_is_refused(libngspice: str) -> None:
    with pytest.raises(ValueError, match=r"temperature -300\.0 C"):
        SpiceNetwork(NETWORK, -300.0)


def test_chips_of_another_number_are_refused(libngspice: str) -> None:
    inputs_v, ohms = drawn(3, chips=3)
    spread = Spread.draw(NETWORK, 2, np.random.default_rng(1))
    for chip in (SpiceNetwork(NETWORK, spread=spread), TwinNetwork(NETWORK, spread=spread)):
        with pytest.raises(ValueError, match="3 sets of weights for 2 chips, expected one for each"):
            chip.run(inputs_v, ohms)


def test_progress_is_told_chip_by_chip(libngspice: str) -> None:
    inputs_v, ohms = drawn(4, chips=3)
    told: list[tuple[int, int]] = []
    SpiceNetwork(NETWORK).output_v(inputs_v, ohms, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


# Pulses.


def test_a_pulse_settles_to_the_dc_values(libngspice: str) -> None:
    inputs_v, ohms = drawn(7, samples=1)
    chip = SpiceNetwork(NETWORK)
    run, pulsed = chip.run(inputs_v, ohms[0]), pulse_response(chip, inputs_v[0], ohms[0], pulses=2)
    still_v = np.concatenate((run.signals.sum_v[0, 0], run.signals.output_v[0, 0]))
    # 0.8 ms are 200 time constants of the slowest stage; left are ngspice's 1e-6 of some volts.
    assert pulsed.settled_v == pytest.approx(still_v, abs=1e-5)
    assert pulsed.seen.worst[1] < CHIP.devices.threshold_v
    # Between the pulses neither inputs nor bias act on the hidden sums.
    between = np.searchsorted(pulsed.time_s, (ON_S + PERIOD_S) / 2)
    assert pulsed.sum_v[between, :4] == pytest.approx(np.zeros(4), abs=1e-3)  # 8 uV times a noise gain of up to 100


# The twin.


@pytest.mark.parametrize("temperature_c", [0.0, 13.0, 60.0])
def test_the_twin_is_the_circuit(libngspice: str, temperature_c: float) -> None:
    inputs_v, ohms = drawn(8, chips=8)
    spread = Spread.draw(NETWORK, 8, np.random.default_rng(9))
    true, fast = (kind(NETWORK, temperature_c, spread).run(inputs_v, ohms) for kind in (SpiceNetwork, TwinNetwork))
    for name in ("sum_v", "tf_v", "output_v"):
        # ngspice's reltol of 1e-7 on some volts.
        assert getattr(fast.signals, name) == pytest.approx(getattr(true.signals, name), abs=1e-6)


def test_the_twin_refuses_what_is_outside_its_certificate(libngspice: str) -> None:
    for temperature_c in (-1.0, 61.0, np.nan):
        with pytest.raises(ValueError, match=r"C, expected 0\.\.60 C: the certificate's range"):
            TwinNetwork(NETWORK, temperature_c)
    none = Spread.none(NETWORK)
    for name, limit in (("weight_error", SPREAD_LIMIT), ("block_error", SPREAD_LIMIT), ("offset_v", OFFSET_LIMIT_V)):
        values = getattr(none, name).copy()
        values[0, 3] = 1.01 * limit
        with pytest.raises(ValueError, match=rf"chip 0: .* 3 is .*, expected within \+-{limit:g}"):
            TwinNetwork(NETWORK, spread=replace(none, **{name: values}))


def test_chips_as_drawn_keep_to_the_tolerance_and_differ(libngspice: str) -> None:
    spread = Spread.draw(NETWORK, 200, np.random.default_rng(1))
    assert max(np.abs(spread.weight_error).max(), np.abs(spread.block_error).max()) <= CHIP.devices.tolerance
    # The sigma of 200 * 20 normal deviates is known to 1.1 %, one sigma; five of them.
    assert spread.offset_v.std() == pytest.approx(CHIP.opamps.offset_sigma_v, rel=0.056)
    inputs_v, ohms = drawn(10)
    outputs_v = TwinNetwork(NETWORK, spread=spread).output_v(inputs_v, np.tile(ohms, (200, 1)))
    assert 1e-4 < outputs_v.std(axis=0).max() < 1e-2
