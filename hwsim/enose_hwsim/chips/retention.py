"""What the leak leaves of held weights: the one law for training, twins and board; and how weights differ in it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile

LEAK_SIGMA = (
    0.15  # ours: of the logarithm of a weight's leak; a junction's generation current differs from cell to cell
)


def leak_shares(chip: MlpFile, number: int) -> NDArray[np.float64]:
    """(W,) each weight's leak over that of the chip file: ones for number 0, else log-normal, always the same."""
    if not number:
        return np.ones(chip.topology.weights)
    rng = np.random.default_rng([number, 0x1EA4])
    return np.asarray(np.exp(LEAK_SIGMA * rng.standard_normal(chip.topology.weights)))


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
