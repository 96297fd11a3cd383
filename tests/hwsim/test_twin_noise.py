"""The noise of the output: the twin against ngspice's spectrum of the whole chip, and the band it counts in."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips import output_noise
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin import store
from enose_hwsim.chips.twin.twin import TwinChip

pytestmark = pytest.mark.usefixtures("libngspice")


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    chip = load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")
    assert isinstance(chip, MlpFile)
    return chip


@pytest.fixture(scope="module")
def drawn(chip: MlpFile) -> tuple[np.ndarray, np.ndarray, Shifts]:
    rng = np.random.default_rng(21)
    return rng.uniform(0.85, 0.95, (3, 4)), rng.uniform(0.7, 1.1, (4, 25)), Shifts.draw(chip.topology, 4, rng)


@pytest.mark.timeout(300)  # the tables may have to be taken
@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_the_twin_has_the_noise_of_the_whole_chip(
    chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts], temperature_c: float
) -> None:
    inputs_v, weights_v, shifts = drawn
    # Measured over 50 points: 0.1 %; it is the same transistors, by their cells or all at once.
    nominal_v = TransistorChip(chip, temperature_c).noise_v(inputs_v, weights_v)
    np.testing.assert_allclose(TwinChip(chip, temperature_c).noise_v(inputs_v, weights_v), nominal_v, rtol=0.01)
    # The twin's densities are those of nominal cells: 3.3 %, and 10 % is what is promised.
    mismatched_v = TransistorChip(chip, temperature_c, shifts).noise_v(inputs_v, weights_v)
    twin_v = TwinChip(chip, temperature_c, shifts).noise_v(inputs_v, weights_v)
    np.testing.assert_allclose(twin_v, mismatched_v, rtol=0.1)
    assert mismatched_v.shape == (4, 3)
    assert 5e-6 < mismatched_v.min() < 3 * mismatched_v.min() < mismatched_v.max() < 5e-4


def test_an_output_with_noise_scatters_by_it(chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts]) -> None:
    inputs_v, weights_v, shifts = drawn
    many_v = np.repeat(inputs_v, 2000, axis=0)
    for twin in (TwinChip(chip, shifts=shifts), TwinChip(chip, shifts=shifts, dtype=np.float32)):
        still_v = twin.output_v(many_v, weights_v)
        moved_v = twin.output_v(many_v, weights_v, np.random.default_rng(1))
        assert moved_v.dtype == still_v.dtype
        np.testing.assert_array_equal(moved_v, twin.output_v(many_v, weights_v, np.random.default_rng(1)))
        scatter_v = (moved_v - still_v).reshape(4, 3, 2000).std(axis=-1)
        # Of 2000 draws the standard deviation errs by 1.6 %; twelve of them by less than 5 sigmas.
        np.testing.assert_allclose(scatter_v, twin.noise_v(inputs_v, weights_v), rtol=0.08)
    one = TwinChip(chip)
    assert one.output_v(inputs_v, weights_v[0], np.random.default_rng(1)).shape == (3,)


def test_shapes_and_blocks(chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts]) -> None:
    inputs_v, weights_v, shifts = drawn
    chips, nominal = TwinChip(chip, shifts=shifts), TwinChip(chip)
    assert nominal.noise_v(inputs_v, weights_v[0]).shape == (3,)
    assert nominal.noise_v(inputs_v[:0], weights_v).shape == (4, 0)
    shared_v = chips.noise_v(inputs_v, weights_v[0])
    for c in range(4):
        alone_v = TwinChip(chip, shifts=shifts.chip(c)).noise_v(inputs_v, weights_v[0])
        np.testing.assert_allclose(alone_v, shared_v[c], rtol=1e-9)
    many_v = nominal.noise_v(np.tile(inputs_v, (400, 1)), np.tile(weights_v, (3, 1)))  # over the ends of blocks
    np.testing.assert_allclose(many_v, np.tile(nominal.noise_v(inputs_v, weights_v), (3, 400)), rtol=1e-9)
    with pytest.raises(ValueError, match=r"input \[0, 0\]: 0.8 V"):
        nominal.noise_v([[0.8] * 4], weights_v)
    with pytest.raises(ValueError, match=r"input \[0, 0\]: 0.8 V"):
        TransistorChip(chip).noise_v([[0.8] * 4], weights_v)
    assert TransistorChip(chip).noise_v(inputs_v[:1], weights_v[0]).shape == (1,)


def test_the_band_has_its_closed_form(chip: MlpFile) -> None:
    assert output_noise.pole_hz(chip) == pytest.approx(795.8, abs=0.1)
    frequency_hz = np.geomspace(output_noise.FROM_HZ, output_noise.TO_HZ, 71)  # as ngspice is asked for
    for white, flicker in ((1e-14, 0.0), (0.0, 1e-10), (1e-13, 1e-10)):
        density = np.sqrt(white + flicker / frequency_hz)
        added_up = output_noise.power_of_spectrum(chip, frequency_hz, density)
        # Ten points a decade, cut off at 1 MHz.
        assert added_up == pytest.approx(output_noise.power_of_parts(chip, white, flicker), rel=5e-3)
    # A single pole passes white noise as a band of pi / 2 times its frequency, a quarter of 1 / time constant, would.
    white = float(output_noise.power_of_parts(chip, np.float64(1.0), np.float64(0.0)))
    assert white == pytest.approx(1 / (4 * chip.output.time_constant_s), rel=1e-3)
    slower = replace(chip, output=replace(chip.output, time_constant_s=2 * chip.output.time_constant_s))
    assert output_noise.power_of_parts(slower, white, 0.0) < output_noise.power_of_parts(chip, white, 0.0)


def test_densities_are_kept(chip: MlpFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = store.load_densities(chip, 27.0)
    assert all((getattr(given, name) > 0).all() for name in ("converter_na2", "neuron_v2", "bias_v2"))
    monkeypatch.setenv("ENOSE_CACHE", str(tmp_path))
    monkeypatch.setattr(store, "_in_memory", {})
    store.load_densities(chip, 27.0)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("mlp441-noise-27c-tt-")
    monkeypatch.setattr(store, "_in_memory", {})
    monkeypatch.setattr(store.densities, "characterise", None)  # the second time from the file
    assert store.load_densities(chip, 27.0).neuron_v2.tolist() == given.neuron_v2.tolist()
