"""Which of the weights that a training went through a chip is to keep.

The last are not the best: the last update bends the net towards the last class. The paper (Sensors 13 (2013) 193-207,
section 3.2.1) took weights after the sequence banana, lemon, lychee. Ours shows the training specimens to the chip
once more after each epoch, Vc low, and keeps the weights whose answers lie deepest inside their bands.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

WORST = 3  # specimens that a margin is the mean of: the single worst one may be past help


def after_sequence(taught: Ints, sequence: tuple[int, ...]) -> int:
    """The paper's rule: the last sample of a training's classes (T,) that ends the sequence, else the very last."""
    length = len(sequence)
    ends = [k for k in range(length - 1, len(taught)) if tuple(taught[k - length + 1 : k + 1]) == sequence]
    return ends[-1] if ends else len(taught) - 1


def margin_v(output_v: Floats, teacher_v: Floats, half_band_v: float) -> Floats:
    """How deep inside their bands answers (..., S) lie: the mean over the WORST, negative if outside."""
    depth_v = half_band_v - np.abs(output_v - teacher_v)
    return np.asarray(np.sort(depth_v, axis=-1)[..., :WORST].mean(axis=-1))
