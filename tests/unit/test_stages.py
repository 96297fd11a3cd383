"""The device's check of a network's stages says what the simulated chip's monitor says, in integers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import find_board
from enose_contract.image import ImageError
from enose_contract.messages import E_STAGE
from enose_contract.stages import check_stages, worst_stage_pv
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor import monitor
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from enose_hwsim.configuration import device_configuration
from rig import changed

BOARD, CHIP, _ = find_board("pico-memristor")
NETWORK = Network.of(CHIP)
TERMS_V = 12e-12  # six terms at most to a stage, each rounded by less than a picovolt, and as much again for float64

ohms = st.integers(int(CHIP.devices.min_ohm), int(CHIP.devices.max_ohm))
weights = st.just(0) | ohms | ohms.map(lambda ohm: -ohm)
seeds = st.integers(0, 2**32 - 1)


def adders(chip: MemristorFile) -> dict[str, Any]:
    found: dict[str, Any] = device_configuration(BOARD, chip)["adders"]
    return found


def admitted(seed: int) -> list[int]:
    """Weights that no stage is driven too far by, but for their rounding to whole ohms."""
    found: list[int] = draw_ohms(CHIP, 1, np.random.default_rng(seed))[0].round().astype(int).tolist()
    return found


def refused_by_the_device(found: list[int], chip: MemristorFile) -> tuple[int, int] | None:
    """(neuron, limit in uV), or None."""
    try:
        check_stages(found, **adders(chip))
    except ImageError as error:
        refused = error
    else:
        return None
    assert refused.code == E_STAGE
    return refused.value, refused.limit


def refused_by_the_monitor(found: list[int], chip: MemristorFile) -> bool:
    try:
        monitor.check_stages(found, chip)
    except monitor.ThresholdReached:
        return True
    return False


@given(st.lists(weights, min_size=CHIP.topology.weights, max_size=CHIP.topology.weights))
def test_the_worst_stage_of_each_neuron_is_the_monitors(found: list[int]) -> None:
    facts = adders(CHIP)
    worst_pv, at = [], 0
    for layer in facts["layers"]:
        for _ in range(layer["neurons"]):
            row = found[at : at + layer["inputs"] + 1]
            worst_pv.append(
                worst_stage_pv(row, layer["low_uv"], layer["high_uv"], facts["bias_uv"], facts["feedback_mohm"])
            )
            at += len(row)
    expected_v = monitor.worst_stage_v(found, CHIP).max(axis=1)
    assert np.array(worst_pv) * 1e-12 == pytest.approx(expected_v, rel=1e-15, abs=TERMS_V)


@given(seeds, st.integers(0, CHIP.topology.weights - 1), weights)
def test_an_image_is_refused_where_the_monitor_refuses_it(seed: int, at: int, other: int) -> None:
    found = admitted(seed)
    found[at] = other
    refused = refused_by_the_device(found, CHIP)
    assert (refused is not None) == refused_by_the_monitor(found, CHIP)
    if refused is not None:
        neuron, limit_uv = refused
        assert monitor.worst_stage_v(found, CHIP)[neuron].max() * 1e6 > limit_uv
        assert limit_uv == round(monitor.stage_limits_v(CHIP)[neuron] * 1e6)


@given(seeds, st.integers(-2, 2))
def test_at_a_limit_both_are_of_one_mind_to_the_microvolt(seed: int, off_uv: int) -> None:
    """A hidden limit just below, at and just above the worst that these weights make."""
    found = admitted(seed)
    worst_v = monitor.worst_stage_v(found, CHIP)[: CHIP.topology.hidden].max()
    chip = changed(CHIP, adder=changed(CHIP.adder, hidden_max_v=(round(worst_v * 1e6) + off_uv) * 1e-6))
    assert (refused_by_the_device(found, chip) is not None) == refused_by_the_monitor(found, chip)


def test_a_stage_exactly_on_its_limit_is_good_and_an_ohm_less_is_not() -> None:
    """N1: 2 kohm on two inputs and 5 kohm on the bias are 0.25 V twice and 0.2 V, the limit of 0.70 V."""
    found = [2_000, -2_000, 0, 0, 0, 5_000] + [0] * 28
    on_it = changed(CHIP, adder=changed(CHIP.adder, hidden_max_v=0.70))
    assert refused_by_the_device(found, on_it) is None
    found[5] = 4_999
    assert refused_by_the_device(found, on_it) == (0, 700_000)


def test_the_first_neuron_that_is_driven_too_far_is_named() -> None:
    only_y2 = [0] * 29 + [-5_000, -5_000, 0, 0, -5_000]  # 0.2 V each
    assert refused_by_the_device(only_y2, CHIP) == (5, 550_000)
    assert refused_by_the_device([2_000] * CHIP.topology.weights, CHIP) == (0, 700_000)
    assert refused_by_the_device([0] * CHIP.topology.weights, CHIP) is None
