"""What the leak leaves of held weights: the one law for training, twins and board."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile


def drooped_v(chip: MlpFile, weights_v: ArrayLike, held_s: ArrayLike, temperature_c: float) -> NDArray[np.float64]:
    """Weight voltages held_s seconds after they were written: each falls by leak_v_per_s(temperature_c), down to 0 V.

    weights_v and held_s are of any shapes that go together. The leak is the chip file's law, a constant current towards
    ground. What falls below weight_min_v every fidelity of the chip refuses: map weights to stay droop_max_v above it.
    Raises ValueError with index and value for a time that is not a number or negative.
    """
    held = np.asarray(held_s, dtype=np.float64)
    wrong = ~((held >= 0) & np.isfinite(held))
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(f"held_s{' ' + str(list(at)) if at else ''}: {held[at]} s, expected a finite time from 0 on")
    return np.maximum(np.asarray(weights_v, dtype=np.float64) - chip.leak_v_per_s(temperature_c) * held, 0.0)
