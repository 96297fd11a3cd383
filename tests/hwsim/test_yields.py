"""The yield: which chips count, deviations from the nominal chip, weights of an image, and what is refused."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from enose.accuracy import wilson_interval
from enose.chips import yields
from enose.chips.yields import BINS_V, chip_yield, weights_of_image
from enose.cli.chip import find_chip
from enose.image import ImageFileError
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip
from rig import image

pytestmark = pytest.mark.usefixtures("libngspice")


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return find_chip("mlp441")


def test_a_chip_counts_if_all_its_outputs_are_valid(chip: MlpFile) -> None:
    told: list[tuple[str, int, int | None]] = []
    answer = chip_yield(chip, 250, 40, seed=1, on_progress=lambda *step: told.append(step))
    assert [(done, total) for text, done, total in told if text == "chips by the fast twin"] == [
        (100, 250),
        (200, 250),
        (250, 250),
    ]
    narrow = replace(answer, valid_min_v=0.82, valid_max_v=0.98)
    inside = (answer.output_min_v >= 0.82) & (answer.output_max_v <= 0.98)
    assert 0 < narrow.valid == inside.sum() < 250
    assert narrow.interval == wilson_interval(narrow.valid, 250)
    assert answer.valid == 250
    assert answer.output_counts.sum() == answer.nominal_counts.sum() == 250 * 40
    assert 5e-3 < answer.deviation_rms_v < 30e-3
    assert (np.abs(answer.mean_deviation_v) <= np.abs(answer.largest_deviation_v)).all()
    low, high = np.array(BINS_V)[np.flatnonzero(answer.nominal_counts)[[0, -1]]]
    assert chip.output.min_v - 2e-3 <= low < high <= chip.output.max_v


def test_without_mismatch_there_is_no_deviation(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shifts, "draw", lambda topology, chips, rng: Shifts.none(topology, chips))
    answer = chip_yield(chip, 5, 20, seed=1)
    assert np.abs(answer.largest_deviation_v).max() < 5e-6  # of single precision


def test_blocks_are_put_together(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shifts, "draw", lambda topology, chips, rng: Shifts.none(topology, chips))
    weights_v = np.linspace(0.7, 1.1, 25)
    whole = chip_yield(chip, 7, 30, 2, 27.0, weights_v)
    monkeypatch.setattr(yields, "BLOCK_OUTPUTS", 90)  # three chips at a time
    parts = chip_yield(chip, 7, 30, 2, 27.0, weights_v)
    assert parts.output_counts.tolist() == whole.output_counts.tolist()
    assert parts.output_min_v.tolist() == whole.output_min_v.tolist()


def test_an_image_gives_all_chips_its_weights(chip: MlpFile, tmp_path: Path) -> None:
    path = tmp_path / "fruit.img"
    path.write_bytes(image().pack())
    weights_v = weights_of_image(path, chip)
    assert weights_v.tolist() == pytest.approx([uv * 1e-6 for uv in image().weights])
    answer = chip_yield(chip, 20, 30, 1, 27.0, weights_v, "weights of fruit.img")
    rng = np.random.default_rng(1)
    inputs_v = rng.uniform(0.85, 0.95, (30, 4))
    expected_v = TwinChip(chip, shifts=Shifts.draw(chip.topology, 20, rng)).output_v(inputs_v, weights_v)
    np.testing.assert_allclose(answer.output_max_v, expected_v.max(axis=1), rtol=0, atol=5e-6)
    mean_v = (expected_v - TwinChip(chip).output_v(inputs_v, weights_v)).mean(axis=1)
    np.testing.assert_allclose(answer.mean_deviation_v, mean_v, rtol=0, atol=5e-6)


def test_bad_images_and_counts(chip: MlpFile, tmp_path: Path) -> None:
    path = tmp_path / "x.img"
    path.write_bytes(image().pack())
    other = msgspec.structs.replace(chip, name="mlp331")
    with pytest.raises(ImageFileError, match=r"x.img: for the chip mlp441, expected mlp331"):
        weights_of_image(path, other)
    smaller = msgspec.structs.replace(chip, topology=msgspec.structs.replace(chip.topology, inputs=3))
    with pytest.raises(ImageFileError, match=r"x.img: weight voltages of shape \(1, 25\), expected 21"):
        weights_of_image(path, smaller)
    high = msgspec.structs.replace(
        chip, synapse=msgspec.structs.replace(chip.synapse, weight_min_v=1.05, weight_zero_v=1.07)
    )
    with pytest.raises(ImageFileError, match=r"x.img: weight \[0, 0\]: .* V, expected 1.05..1.1 V"):
        weights_of_image(path, high)
    for chips, samples in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match="expected at least 1 of each"):
            chip_yield(chip, chips, samples, seed=1)
    with pytest.raises(ValueError, match=r"temperature 70 C, the fast twin is certified at 0..60 C"):
        chip_yield(chip, 5, 5, seed=1, temperature_c=70.0)
