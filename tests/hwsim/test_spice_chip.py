"""The chip in ngspice against the chip's equations: the same network, from two sides."""

import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips import behavioural, open_chip
from enose_hwsim.chips.equations import EquationChip
from enose_hwsim.chips.spice_chip import SpiceChip
from enose_hwsim.spice.driver import Solution, Solver, SpiceError
from enose_hwsim.spice.pyspice_mending import Ngspice

pytestmark = pytest.mark.usefixtures("libngspice")

# ngspice hands out the iterate before the last, so an output may err by reltol x 0.98 V + vntol = 0.099 uV, and by the
# square of as much for what comes before it.
TOLERANCE_V = 0.11e-6


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


@pytest.fixture(scope="module")
def spice(chip: MlpFile, libngspice: str) -> SpiceChip:
    return SpiceChip(chip)


def draw(chip: MlpFile, seed: int, samples: int, chips: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (samples, 4))
    return inputs_v, rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, (chips, 25))


@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_netlist_and_equations_agree(chip: MlpFile, temperature_c: float) -> None:
    inputs_v, weights_v = draw(chip, 1, samples=40, chips=25)
    answer_v = SpiceChip(chip, temperature_c).output_v(inputs_v, weights_v)
    expected_v = EquationChip(chip, temperature_c).output_v(inputs_v, weights_v)
    assert answer_v.shape == (25, 40)
    assert np.ptp(answer_v) > 0.8 * (chip.output.max_v - chip.output.min_v)
    np.testing.assert_allclose(answer_v, expected_v, rtol=0, atol=TOLERANCE_V)


def test_range_limits_agree(chip: MlpFile, spice: SpiceChip) -> None:
    inputs_v = np.array([[chip.input.min_v] * 4, [chip.input.max_v] * 4, [chip.input.no_field_v] * 4])
    synapse = chip.synapse
    weights_v = np.array([[v] * 25 for v in (synapse.weight_min_v, synapse.weight_zero_v, synapse.weight_max_v)])
    expected_v = EquationChip(chip).output_v(inputs_v, weights_v)
    np.testing.assert_allclose(spice.output_v(inputs_v, weights_v), expected_v, rtol=0, atol=TOLERANCE_V)


def test_each_weight_sits_at_its_own_number(chip: MlpFile, spice: SpiceChip) -> None:
    inputs_v, weights_v = draw(chip, 2, samples=1, chips=1)
    one_off_v = np.repeat(weights_v, 25, axis=0)
    np.fill_diagonal(one_off_v, chip.synapse.weight_zero_v)
    expected_v = EquationChip(chip).output_v(inputs_v, one_off_v)
    assert len(np.unique(expected_v)) == 25
    np.testing.assert_allclose(spice.output_v(inputs_v, one_off_v), expected_v, rtol=0, atol=TOLERANCE_V)


def test_shapes(chip: MlpFile, spice: SpiceChip) -> None:
    inputs_v, weights_v = draw(chip, 3, samples=5, chips=2)
    both_v = spice.output_v(inputs_v, weights_v)
    assert both_v.shape == (2, 5)
    assert spice.output_v(inputs_v, weights_v[1]).shape == (5,)
    assert spice.output_v(inputs_v[:0], weights_v).shape == (2, 0)
    # The path to a sample differs, and with it the last iterate but one.
    np.testing.assert_allclose(spice.output_v(inputs_v, weights_v[1]), both_v[1], rtol=0, atol=2 * TOLERANCE_V)


def test_one_sample_at_a_time_is_quick_and_new_weights_load_no_netlist(
    chip: MlpFile, spice: SpiceChip, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs_v, weights_v = draw(chip, 4, samples=60, chips=2)
    spice.output_v(inputs_v[:1], weights_v[0])  # another chip's netlist may be loaded
    monkeypatch.setattr(Ngspice, "load", None)
    taken_ms = []
    for sample_v in inputs_v:
        begin = time.perf_counter()
        spice.output_v(sample_v[None], weights_v[0])
        taken_ms.append((time.perf_counter() - begin) * 1e3)
    assert np.median(taken_ms) < 2  # 0.4 ms were measured
    assert spice.output_v(inputs_v, weights_v[1]) == pytest.approx(
        EquationChip(chip).output_v(inputs_v, weights_v[1]), abs=TOLERANCE_V
    )


def test_errors_are_those_of_the_equations(chip: MlpFile, spice: SpiceChip) -> None:
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
        SpiceChip(chip, -300.0)
    two = msgspec.structs.replace(chip, topology=msgspec.structs.replace(chip.topology, outputs=2))
    with pytest.raises(ValueError, match=r"mlp441: topology.outputs 2, expected 1"):
        SpiceChip(two)


def test_a_stepped_sample_is_never_passed_on(chip: MlpFile, spice: SpiceChip, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs_v, weights_v = draw(chip, 6, samples=3, chips=1)
    stepped = Solution({behavioural.OUTPUT_NODE: np.full(3, 0.9)}, (1,), ())
    monkeypatch.setattr(Solver, "solve", lambda *_: stepped)
    with pytest.raises(SpiceError, match=r"samples \[1\] solved by stepping only"):
        spice.output_v(inputs_v, weights_v[0])


def test_the_netlist_draws_no_warning(chip: MlpFile) -> None:
    solver = Solver(behavioural.netlist(chip, 27.0))
    assert len(solver.sources) == 29
    assert solver.solve(dict.fromkeys(solver.sources, 0.9), [behavioural.OUTPUT_NODE]).warnings == ()


def test_open_chip(chip: MlpFile) -> None:
    assert isinstance(open_chip(chip, "fast"), EquationChip)
    assert isinstance(open_chip(chip, "spice", 40.0), SpiceChip)
    with pytest.raises(ValueError, match="fidelity 'slow', expected one of fast, spice"):
        open_chip(chip, "slow")
