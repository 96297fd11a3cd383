"""The path of a sweep through its samples: in which order, and by which points between them.

ngspice solves each point from the solution of the last. Far jumps it solves slowly, or only by stepping gmin; so
samples are visited nearest first, and long ways are walked in strides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BLOCK = 500  # samples that are ordered together: the work grows with its square


@dataclass(frozen=True)
class Points:
    """What a sweep goes through: rows of source values, and at which point each sample is met."""

    table: Floats  # (P, sources)
    at: Indices  # (S,)
    begins: int = 0  # the first point that a point before it carries: 1 if the sweep has a start of its own

    def sample(self, point: int) -> int:
        """The sample that a point leads to; behind the last, the number of samples."""
        later = np.flatnonzero(self.at >= point)
        return int(later[self.at[later].argmin()]) if len(later) else len(self.at)


@dataclass(frozen=True)
class Path:
    """How a sweep gets from sample to sample."""

    order: Indices | None = None  # of the samples; as they are given unless set
    stride: float = float("inf")  # the farthest that any source moves from point to point
    # Where these sources are before the first sample. How ngspice got there is not reported.
    start: Mapping[str, float] = field(default_factory=dict)

    def points(self, table: Floats, sources: Sequence[str]) -> Points:
        """The sweep through the rows of a table (S, sources).

        Raises ValueError for an order that does not name each sample once, and for a source in `start` that is unknown.
        """
        order = np.arange(len(table)) if self.order is None else self.order
        if not np.array_equal(np.sort(order), np.arange(len(table))):
            raise ValueError(f"order: expected each of 0..{len(table) - 1} once")
        if unknown := set(self.start) - set(sources):
            raise ValueError(f"start: no external source {', '.join(sorted(unknown))}")
        begin = table[order[:1]].copy()
        for name, value in self.start.items():
            begin[0, sources.index(name)] = value
        rows = np.concatenate((begin, table[order]))
        moves = np.diff(rows, axis=0)
        strides = np.maximum(np.ceil(np.abs(moves).max(axis=1, initial=0.0) / self.stride), 1).astype(np.intp)
        if not self.start:
            strides[0] = 1  # there is no way to the first sample
        met = np.cumsum(strides) - 1
        leg = np.repeat(np.arange(len(order)), strides)
        along = (np.arange(len(leg)) - met[leg] + strides[leg]) / strides[leg]
        at = np.empty(len(order), dtype=np.intp)
        at[order] = met
        walked = rows[leg] + along[:, None] * moves[leg]
        walked[met] = table[order]  # to the last bit
        return Points(np.concatenate((begin, walked)), at + 1, 1) if self.start else Points(walked, at)


STRAIGHT = Path()


def nearest_order(samples: Floats) -> Indices:
    """An order of the samples (S, D) in which each is the nearest that is left to the one before, block by block."""
    order = np.empty(len(samples), dtype=np.intp)
    here = samples[:1]
    for begin in range(0, len(samples), BLOCK):
        left = np.arange(begin, min(begin + BLOCK, len(samples)))
        for k in range(begin, begin + len(left)):
            nearest = int(np.abs(samples[left] - here).max(axis=1).argmin())
            order[k] = left[nearest]
            here = samples[order[k]]
            left = np.delete(left, nearest)
    return order


def snake(*lengths: int) -> Indices:
    """All indices (P, D) of a grid, the last axis running fastest and to and fro: one step at a time along one axis."""
    if not lengths:
        return np.empty((1, 0), dtype=np.intp)
    rest = snake(*lengths[1:])
    rows = [np.column_stack((np.full(len(rest), k), rest[:: -1 if k % 2 else 1])) for k in range(lengths[0])]
    return np.concatenate(rows)
