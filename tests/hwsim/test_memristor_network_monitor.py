"""The monitor of the memristor network: no device sees its threshold, whatever admitted weights and inputs are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enose.boards import boards_folder
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.equations import EquationNetwork
from enose_hwsim.chips.memristor.monitor import Seen, ThresholdReached, check_stages, stage_limits_v, worst_stage_v
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork
from enose_hwsim.chips.memristor.spread import Spread
from enose_hwsim.chips.memristor.twin import TwinNetwork
from enose_hwsim.tomlfile import load

CHIP = load(boards_folder() / "chips" / "memristor542.toml", MemristorFile)
NETWORK = Network.of(CHIP)
OPEN = np.zeros(CHIP.topology.weights)
ALL_LARGE = np.full(CHIP.topology.weights, CHIP.devices.min_ohm)

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, chips: int = 1, samples: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(CHIP.input.min_v, CHIP.input.max_v, (samples, CHIP.topology.inputs))
    return inputs_v, draw_ohms(CHIP, chips, rng)


def corner_inputs_v() -> np.ndarray:
    """Every input at either end of its range, (32, 5)."""
    ends = np.array([CHIP.input.min_v, CHIP.input.max_v])
    return np.stack(np.meshgrid(*[ends] * CHIP.topology.inputs), axis=-1).reshape(-1, CHIP.topology.inputs)


@settings(max_examples=20)
@given(seeds)
def test_admitted_weights_never_bring_a_device_to_its_threshold(libngspice: str, seed: int) -> None:
    """At all corners of the inputs, on chips as write-verify leaves them, at both ends of the temperatures."""
    rng = np.random.default_rng(seed)
    ohms = draw_ohms(CHIP, 20, rng)
    check_stages(ohms, CHIP)
    spread = Spread.draw(NETWORK, 20, rng)
    for temperature_c in (0.0, 60.0):
        seen = TwinNetwork(NETWORK, temperature_c, spread).run(corner_inputs_v(), ohms).seen
        assert seen.worst[1] < CHIP.devices.threshold_v


def test_the_monitor_sees_every_device_alike_in_ngspice_and_in_the_twin(libngspice: str) -> None:
    inputs_v, ohms = drawn(5, chips=4)
    spread = Spread.draw(NETWORK, 4, np.random.default_rng(6))
    true, fast = (kind(NETWORK, 27.0, spread).run(inputs_v, ohms).seen for kind in (SpiceNetwork, TwinNetwork))
    # 34 weights, 3 blocks of 5 in each of 4 hidden adders, 3 of 4 in each of 2 outputs, 3 + 6 + 1 to each sigmoid.
    assert true.names == fast.names
    assert true.largest_v.shape == (4, 34 + 4 * 15 + 2 * 12 + 4 * 10)
    assert fast.largest_v == pytest.approx(true.largest_v, abs=1e-6)  # ngspice's tolerance
    assert (true.largest_v[:, : len(NETWORK.weight_names)] > 0).sum() == (ohms != 0).sum()  # none over an open switch


@settings(max_examples=20)
@given(seeds)
def test_the_ideal_network_is_monitored_as_the_circuit(libngspice: str, seed: int) -> None:
    inputs_v, ohms = drawn(seed, chips=4)
    ideal, fast = EquationNetwork(NETWORK).run(inputs_v, ohms).seen, TwinNetwork(NETWORK).run(inputs_v, ohms).seen
    assert ideal.names == fast.names
    # Up to 0.70 V the sigmoid is the logistic within 29 mV, shared by three devices in series with the clamp.
    assert ideal.largest_v == pytest.approx(fast.largest_v, abs=0.03 / 3)
    assert ideal.largest_v[:, : 34 - 10] == pytest.approx(fast.largest_v[:, : 34 - 10], abs=1e-4)  # gain of 1e5


@pytest.mark.parametrize("kind", [EquationNetwork, SpiceNetwork, TwinNetwork])
def test_a_device_at_its_threshold_stops_the_run(libngspice: str, kind: type) -> None:
    ohms = OPEN.copy()
    ohms[:6] = [2e3, 2e3, 0, 0, 0, 4e3]  # N1: up to 0.75 V from its plus stage
    inputs_v = np.array([[0.9] * 5, [0.95] * 5])
    weak = replace(NETWORK, feedback_devices=(4, *NETWORK.feedback_devices[1:]))
    with pytest.raises(
        ThresholdReached, match=r"device N1.M\d.\d of chip 0 sees 0.187\d V in sample 1, expected below"
    ):
        kind(weak).run(inputs_v, ohms)
    assert kind(weak).run(inputs_v[:1], ohms).seen.worst[1] < CHIP.devices.threshold_v


@pytest.mark.parametrize("kind", [EquationNetwork, SpiceNetwork, TwinNetwork])
@pytest.mark.parametrize("sign", [-1, 1])
def test_stages_at_their_rails_are_a_threshold_reached(libngspice: str, kind: type, sign: int) -> None:
    with pytest.raises(ThresholdReached, match="device"):
        kind(NETWORK).output_v(np.full((1, 5), 0.95), sign * ALL_LARGE)


def test_a_voltage_that_is_no_number_is_caught() -> None:
    seen = Seen(["a", "b"], np.array([[0.1, np.nan]]), np.zeros((1, 2), dtype=np.intp), 0.1583)
    with pytest.raises(ThresholdReached, match="device b of chip 0 sees nan V"):
        seen.check()


@given(seeds)
def test_the_worst_stages_are_reached_at_a_corner_and_nowhere_else(seed: int) -> None:
    _, ohms = drawn(seed)
    worst_v = worst_stage_v(ohms[0], CHIP)
    sum_v = EquationNetwork(NETWORK).signals(corner_inputs_v(), ohms[0]).sum_v[0]
    assert np.abs(sum_v).max(axis=0) == pytest.approx(worst_v[:4, 1], abs=1e-12)  # rounding
    plus_v = EquationNetwork(NETWORK).signals(corner_inputs_v(), np.maximum(ohms[0], 0)).sum_v[0]
    assert np.abs(plus_v).max(axis=0) == pytest.approx(worst_v[:4, 0], abs=1e-12)
    output_v = EquationNetwork(NETWORK).signals(corner_inputs_v(), ohms[0]).output_v[0]
    assert (np.abs(output_v).max(axis=0) <= worst_v[4:, 1] + 1e-12).all()


def test_weights_that_could_drive_a_stage_too_far_are_named() -> None:
    ohms = OPEN.copy()
    ohms[6:12] = 2e3
    expected = r"N2: its plus stage reaches 1.7500 V from the common node, expected at most 0.7 V"
    with pytest.raises(ThresholdReached, match=expected):
        check_stages(ohms, CHIP)
    with pytest.raises(ThresholdReached, match=r"Y2: its sum reaches 0\.6000 V"):
        check_stages(np.concatenate((np.zeros(29), [-5e3] * 2, [0, 0], [-5e3])), CHIP)
    assert stage_limits_v(CHIP).tolist() == [0.7] * 4 + [0.55] * 2
