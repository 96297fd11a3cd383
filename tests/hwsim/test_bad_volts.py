"""Inputs and weights that no chip takes: at every fidelity the error names what, index, value and limits."""

from pathlib import Path

import numpy as np
import pytest

from enose_hwsim.chipfile import load_chip
from enose_hwsim.chips.equations import EquationChip
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.twin import TwinChip

pytestmark = pytest.mark.usefixtures("libngspice")

INPUTS, WEIGHTS = np.full((3, 4), 0.9), np.full((2, 25), 0.9)


@pytest.fixture(scope="module", params=[EquationChip, TwinChip, TransistorChip])
def network(request: pytest.FixtureRequest) -> EquationChip | TwinChip | TransistorChip:
    path = Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml"
    return request.param(load_chip(path))


@pytest.mark.parametrize("value", [0.84, 0.96, -0.9, np.nan, np.inf, -np.inf])
def test_an_input_outside(network: TwinChip, value: float) -> None:
    inputs_v = INPUTS.copy()
    inputs_v[1, 3] = inputs_v[2, 0] = value
    with pytest.raises(ValueError, match=rf"^input \[1, 3\]: {value} V, expected 0.85..0.95 V$"):
        network.output_v(inputs_v, WEIGHTS)


@pytest.mark.parametrize("value", [0.69, 1.11, np.nan, np.inf])
def test_a_weight_outside(network: TwinChip, value: float) -> None:
    weights_v = WEIGHTS.copy()
    weights_v[1, 24] = value
    with pytest.raises(ValueError, match=rf"^weight \[1, 24\]: {value} V, expected 0.7..1.1 V$"):
        network.output_v(INPUTS, weights_v)
    with pytest.raises(ValueError, match=rf"^weight \[24\]: {value} V, expected 0.7..1.1 V$"):
        network.output_v(INPUTS, weights_v[1])


@pytest.mark.parametrize("shape", [(), (4,), (3, 5), (3, 3), (2, 3, 4), (3, 0)])
def test_inputs_of_a_wrong_shape(network: TwinChip, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError) as error:
        network.output_v(np.full(shape, 0.9), WEIGHTS)
    assert str(error.value).startswith(f"input voltages of shape {shape}, expected 4 ")


@pytest.mark.parametrize("shape", [(), (24,), (26,), (2, 24), (1, 2, 25)])
def test_weights_of_a_wrong_shape(network: TwinChip, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError) as error:
        network.output_v(INPUTS, np.full(shape, 0.9))
    assert str(error.value).startswith(f"weight voltages of shape {shape}, expected 25 ")


def test_it_answers_afterwards(network: TwinChip) -> None:
    with pytest.raises(ValueError, match="input"):
        network.output_v(INPUTS + 1, WEIGHTS)
    assert np.isfinite(network.output_v(INPUTS, WEIGHTS)).all()
    edges_v = np.where(np.arange(4) % 2, 0.85, 0.95)[None]
    assert np.isfinite(network.output_v(edges_v, np.where(np.arange(25) % 2, 0.7, 1.1))).all()
