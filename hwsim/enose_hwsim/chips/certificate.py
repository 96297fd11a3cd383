"""What the certificates of all fast twins share: how their figures are taken, and which limits they do not keep."""

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import ChipFile

Figures = dict[str, tuple[float, float]]  # by name: the figure and its limit

COVERAGE_STEP_V = 5e-3


def missed(at_most: Figures, at_least: Figures) -> tuple[str, ...]:
    """One text for each figure beyond its limit; a figure that is not a number keeps none."""
    above = [f"{name} {v:.4g} (at most {limit:g})" for name, (v, limit) in at_most.items() if not v <= limit]
    below = [f"{name} {v:.4g} (at least {limit:g})" for name, (v, limit) in at_least.items() if not v >= limit]
    return (*above, *below)


def coverage(chip: ChipFile, outputs_v: NDArray[np.float64]) -> float:
    """Of the output range, in steps of 5 mV, the share in which there is an output."""
    steps = round((chip.output.max_v - chip.output.min_v) / COVERAGE_STEP_V)
    counts, _ = np.histogram(outputs_v, steps, (chip.output.min_v, chip.output.max_v))
    return float((counts > 0).mean())
