"""Two ways of answering compared on the same specimens: the change of accuracy, its interval, and whether it is chance.

The interval is a percentile bootstrap over groups, and over chips or draws of noise where there are several (B. Efron,
Ann. Stat. 7 (1979) 1-26). The p-value flips the signs of
whole groups' changes (R. A. Fisher, The Design of Experiments, 1935, section 21); where each specimen is a group of its
own and one way is compared with one other it is McNemar's exact test (Psychometrika 12 (1947) 153-157).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rights = NDArray[np.bool_]

BOOTSTRAPS, AT_A_TIME = 4000, 500
FLIPS = 9999
ALL_FLIPS = 12  # groups that changed: up to so many, every choice of signs is tried
ALPHA = 0.05
ROUNDING = 1e-9


@dataclass(frozen=True)
class Change:
    """The change of accuracy from one way to another, negative for a loss, with its 95 % interval.

    `changed` is the share of specimens that are right in one way and wrong in the other, mean over the draws.
    """

    change: float
    low: float
    high: float
    p: float
    changed: float

    @property
    def shown(self) -> bool:
        """Whether it is more than chance makes of specimens, and of chips."""
        return self.p <= ALPHA and not self.low <= 0 <= self.high

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"effect": self.shown}


def paired_change(before: Rights, after: Rights, groups: Sequence[str]) -> Change:
    """From `before` (S,) to `after` (S,), or (D, S) of several draws of chips or noise; always with the same draws.

    Raises ValueError for shapes that do not go together, or no specimens.
    """
    drawn = np.atleast_2d(after)
    if not len(before) or drawn.shape[1:] != before.shape or len(groups) != len(before):
        raise ValueError(f"rights of shapes {before.shape} and {after.shape} in {len(groups)} groups")
    by_draw = drawn.astype(np.float64) - before
    names = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    of = np.array([names[group] for group in groups])
    counts = np.bincount(of)
    sums = np.array([np.bincount(of, weights=row) for row in by_draw])  # (D, G)
    low, high = np.percentile(_bootstrapped(sums, counts), [2.5, 97.5])
    changed = float(np.mean(drawn != before))
    return Change(float(by_draw.mean()), float(low), float(high), _flipped_p(sums.mean(axis=0)), changed)


def _bootstrapped(sums: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The change in each of BOOTSTRAPS worlds whose groups, and draws, are drawn with replacement from these."""
    rng = np.random.default_rng(0)
    draws, groups = sums.shape
    found = []
    for _ in range(BOOTSTRAPS // AT_A_TIME):
        often = rng.multinomial(groups, np.full(groups, 1 / groups), AT_A_TIME)
        drawn = rng.multinomial(draws, np.full(draws, 1 / draws), AT_A_TIME) / draws
        found.append(np.sum(often * (drawn @ sums), axis=1) / (often @ counts))
    return np.concatenate(found)


def _flipped_p(sums: NDArray[np.float64]) -> float:
    """The share of choices of signs that give as large a sum; two-sided."""
    some = sums[np.abs(sums) > ROUNDING]
    found = abs(some.sum()) - ROUNDING
    if len(some) <= ALL_FLIPS:
        signs = np.array(list(product((-1, 1), repeat=len(some)))).reshape(2 ** len(some), len(some))
        return float(np.mean(np.abs(signs @ some) >= found))
    signs = np.random.default_rng(0).choice((-1, 1), (FLIPS, len(some)))
    return float((1 + np.sum(np.abs(signs @ some) >= found)) / (1 + FLIPS))
