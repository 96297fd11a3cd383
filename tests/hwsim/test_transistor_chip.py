"""The chip of transistors in ngspice, as the board asks it: sample by sample, with errors that name what and where."""

import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips import FIDELITIES, open_chip
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.equations import EquationChip
from enose_hwsim.chips.transistor_chip import RELTOL, TransistorChip
from enose_hwsim.chips.twin.twin import TwinChip
from enose_hwsim.spice.driver import Solution, Solver, SpiceError
from enose_hwsim.spice.pyspice_mending import Ngspice

pytestmark = pytest.mark.usefixtures("libngspice")

# The same sample by another path: Newton's last iterates differ by reltol times some gain of the summing nodes.
PATH_V = 5e-6


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


@pytest.fixture(scope="module")
def spice(chip: MlpFile, libngspice: str) -> TransistorChip:
    return TransistorChip(chip)


def draw(chip: MlpFile, seed: int, samples: int, chips: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (samples, 4))
    return inputs_v, rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, (chips, 25))


def test_shapes(chip: MlpFile, spice: TransistorChip) -> None:
    inputs_v, weights_v = draw(chip, 3, samples=5, chips=2)
    both_v = spice.output_v(inputs_v, weights_v)
    assert both_v.shape == (2, 5)
    assert spice.output_v(inputs_v, weights_v[1]).shape == (5,)
    assert spice.output_v(inputs_v[:0], weights_v).shape == (2, 0)
    np.testing.assert_allclose(spice.output_v(inputs_v, weights_v[1]), both_v[1], rtol=0, atol=PATH_V)


def test_each_weight_sits_at_its_own_number(chip: MlpFile, spice: TransistorChip) -> None:
    inputs_v, weights_v = draw(chip, 2, samples=1, chips=1)
    one_off_v = np.repeat(weights_v, 25, axis=0)
    np.fill_diagonal(one_off_v, chip.synapse.weight_zero_v)
    found_v = spice.output_v(inputs_v, one_off_v)
    assert len(np.unique(found_v.round(7))) == 25
    np.testing.assert_allclose(found_v, TwinChip(chip).output_v(inputs_v, one_off_v), rtol=0, atol=5e-5)  # certified


def test_one_sample_at_a_time_is_quick_and_new_weights_load_no_netlist(
    chip: MlpFile, spice: TransistorChip, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs_v, weights_v = draw(chip, 4, samples=20, chips=2)
    first_v = spice.output_v(inputs_v, weights_v[0])  # another chip's netlist may be loaded
    monkeypatch.setattr(Ngspice, "load", None)
    taken_ms = []
    for sample_v, wanted_v in zip(inputs_v, first_v, strict=True):
        begin = time.process_time()
        found_v = spice.output_v(sample_v[None], weights_v[0])
        taken_ms.append((time.process_time() - begin) * 1e3)
        assert found_v[0] == pytest.approx(wanted_v, abs=PATH_V)
    assert np.median(taken_ms) < 120  # 30 ms were measured: the path from V_ref to the weights
    assert spice.output_v(inputs_v, weights_v[1]).shape == (20,)


def test_errors_are_those_of_the_equations(chip: MlpFile, spice: TransistorChip) -> None:
    inputs_v, weights_v = draw(chip, 5, samples=3, chips=2)
    low_v, absent_v, high_v = inputs_v.copy(), inputs_v.copy(), weights_v.copy()
    low_v[1, 2], absent_v[2, 0], high_v[1, 24] = 0.84, np.nan, 1.2
    for inputs, weights in ((low_v, weights_v), (absent_v, weights_v), (inputs_v, high_v), (inputs_v[0], weights_v)):
        with pytest.raises(ValueError) as expected:
            EquationChip(chip).output_v(inputs, weights)
        with pytest.raises(ValueError) as caught:
            spice.output_v(inputs, weights)
        assert str(caught.value) == str(expected.value)


def test_a_chip_that_cannot_be(chip: MlpFile) -> None:
    with pytest.raises(ValueError, match="temperature"):
        TransistorChip(chip, -300.0)
    two = msgspec.structs.replace(chip, topology=msgspec.structs.replace(chip.topology, outputs=2))
    with pytest.raises(ValueError, match=r"mlp441: topology.outputs 2, expected 1"):
        TransistorChip(two)


def test_a_stepped_sample_is_never_passed_on(
    chip: MlpFile, spice: TransistorChip, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs_v, weights_v = draw(chip, 6, samples=3, chips=1)
    stepped = Solution({circuit.OUTPUT_NODE: np.full(3, 0.9)}, (1,), ())
    monkeypatch.setattr(Solver, "solve", lambda *_, **__: stepped)
    with pytest.raises(SpiceError, match=r"samples \[1\] solved by stepping only"):
        spice.output_v(inputs_v, weights_v[0])


def test_the_netlist_draws_no_warning(chip: MlpFile) -> None:
    solver = Solver(circuit.netlist(chip, 27.0), RELTOL)
    assert len(solver.sources) == 29
    assert solver.solve(dict.fromkeys(solver.sources, 0.9), [circuit.OUTPUT_NODE]).warnings == ()


def test_open_chip(chip: MlpFile) -> None:
    kinds = {"ideal": EquationChip, "fast": TwinChip, "spice": TransistorChip}
    assert set(kinds) == set(FIDELITIES)
    for fidelity, kind in kinds.items():
        assert isinstance(open_chip(chip, fidelity), kind)
    with pytest.raises(ValueError, match="fidelity 'slow', expected one of ideal, fast, spice"):
        open_chip(chip, "slow")
