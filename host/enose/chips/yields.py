"""The yield of a chip: the share of mismatched chips whose outputs stay in the valid range, by the fast twin."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.accuracy import wilson_interval
from enose.image import ImageFileError, read_image
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.equations import checked_v
from enose_hwsim.chips.twin.region import check_region
from enose_hwsim.chips.twin.store import load_tables
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int | None], None]

BLOCK_CHIPS = 100
BLOCK_OUTPUTS = 2_000_000  # so many at a time
BINS_V = tuple(np.round(np.arange(0.5, 1.3001, 0.002), 3).tolist())
QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Yield:
    """What mismatched chips came to; a chip is valid if all its outputs are."""

    chip: str
    temperature_c: float
    chips: int
    samples: int
    seed: int
    weights: str
    valid_min_v: float
    valid_max_v: float
    output_min_v: Floats  # (C,) of each chip
    output_max_v: Floats
    mean_deviation_v: Floats  # (C,) from the nominal chip with the same weights and inputs
    largest_deviation_v: Floats  # (C,) with its sign
    deviation_rms_v: float  # over chips and inputs
    output_counts: NDArray[np.int64]  # in BINS_V
    nominal_counts: NDArray[np.int64]

    @property
    def valid(self) -> int:
        """How many chips are valid."""
        return int(np.sum((self.output_min_v >= self.valid_min_v) & (self.output_max_v <= self.valid_max_v)))

    @property
    def share(self) -> float:
        """The yield."""
        return self.valid / self.chips

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % confidence interval, after Wilson."""
        return wilson_interval(self.valid, self.chips)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "chip": self.chip,
            "simulated": True,
            "fidelity": "fast",
            "temperature_c": self.temperature_c,
            "chips": self.chips,
            "samples": self.samples,
            "seed": self.seed,
            "weights": self.weights,
            "valid_min_v": self.valid_min_v,
            "valid_max_v": self.valid_max_v,
            "valid_chips": self.valid,
            "yield": self.share,
            "yield_interval": list(self.interval),
            "output_min_v": float(self.output_min_v.min()),
            "output_max_v": float(self.output_max_v.max()),
            "deviation_rms_v": self.deviation_rms_v,
            "mean_deviation_v": _spread(self.mean_deviation_v),
            "largest_deviation_v": _spread(np.abs(self.largest_deviation_v)),
        }


def weights_of_image(path: Path, chip: MlpFile) -> Floats:
    """The weight voltages of an image file of one network. Raises ImageFileError for anything else."""
    pages_v = pages_of_image(path, chip)
    if len(pages_v) > 1:
        raise ImageFileError(f"{path}: an image of {len(pages_v)} pages, expected one of a single network")
    return np.asarray(pages_v[0])


def pages_of_image(path: Path, chip: MlpFile) -> Floats:
    """The weight voltages of every page of an image file, (P, W), one for a single network. Raises ImageFileError."""
    _, image = read_image(path)
    if image.chip != chip.name:
        raise ImageFileError(f"{path}: for the chip {image.chip}, expected {chip.name}")
    synapse = chip.synapse
    try:
        volts = np.array(image.weights, dtype=np.float64).reshape(max(1, len(image.pages)), -1) * 1e-6
        return checked_v(volts, "weight", (2,), chip.topology.weights, synapse.weight_min_v, synapse.weight_max_v)
    except ValueError as error:
        raise ImageFileError(f"{path}: {error}") from error


def chip_yield(
    chip: MlpFile,
    chips: int,
    samples: int,
    seed: int,
    temperature_c: float = 27.0,
    weights_v: Floats | None = None,
    weights: str = "random weights",
    on_progress: Progress = lambda text, done, total: None,
) -> Yield:
    """Draw chips and inputs, and weights for each chip unless all are given the same ones.

    Inputs and weights come evenly from their whole ranges, threshold shifts after Pelgrom. Raises ValueError for no
    chips or no samples, and as TwinChip.
    """
    if chips < 1 or samples < 1:
        raise ValueError(f"{chips} chips and {samples} samples, expected at least 1 of each")
    check_region(chip, temperature_c)
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (samples, chip.topology.inputs))
    load_tables(chip, temperature_c, telling=lambda text: on_progress(text, 0, None))
    nominal = TwinChip(chip, temperature_c)
    block = max(1, min(BLOCK_CHIPS, BLOCK_OUTPUTS // samples))
    low_v, high_v, mean_v, largest_v = (np.empty(chips) for _ in range(4))
    counts = np.zeros((2, len(BINS_V) - 1), dtype=np.int64)
    squares = 0.0
    for begin in range(0, chips, block):
        here = slice(begin, min(begin + block, chips))
        count = here.stop - here.start
        rows_v = weights_v
        if rows_v is None:
            rows_v = rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, (count, chip.topology.weights))
        shifts = Shifts.draw(chip.topology, count, rng)
        output_v = TwinChip(chip, temperature_c, shifts, dtype=np.float32).output_v(inputs_v, np.atleast_2d(rows_v))
        nominal_v: Floats = np.broadcast_to(nominal.output_v(inputs_v, rows_v), output_v.shape)
        deviation_v = output_v - nominal_v
        low_v[here], high_v[here], mean_v[here] = output_v.min(axis=1), output_v.max(axis=1), deviation_v.mean(axis=1)
        farthest = np.abs(deviation_v).argmax(axis=1)
        largest_v[here] = deviation_v[np.arange(count), farthest]
        squares += float(np.square(deviation_v).sum())
        for k, values_v in enumerate((output_v, nominal_v)):
            counts[k] += np.histogram(values_v, BINS_V)[0]
        on_progress("chips by the fast twin", here.stop, chips)
    return Yield(
        chip=chip.name,
        temperature_c=temperature_c,
        chips=chips,
        samples=samples,
        seed=seed,
        weights=weights,
        valid_min_v=chip.output.valid_min_v,
        valid_max_v=chip.output.valid_max_v,
        output_min_v=low_v,
        output_max_v=high_v,
        mean_deviation_v=mean_v,
        largest_deviation_v=largest_v,
        deviation_rms_v=float(np.sqrt(squares / (chips * samples))),
        output_counts=counts[0],
        nominal_counts=counts[1],
    )


def _spread(values_v: Floats) -> dict[str, float]:
    quantiles = {f"{name}_v": float(np.quantile(values_v, q)) for name, q in QUANTILES.items()}
    return {"sigma_v": float(values_v.std()), **quantiles, "max_v": float(values_v.max())}
