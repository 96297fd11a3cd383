"""What the edges of an emulated Pico's pins say about the firmware's durations.

Simulated times: rp2040js counts the instructions' cycles, but has no flash cache whose misses would cost more.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.boardfile import MlpBoard


@dataclass(frozen=True)
class Span:
    """From one edge to another: emulated time, and the cycles in which the processor ran and did not sleep."""

    began_s: float
    duration_s: float
    cycles: int


class Trace:
    """Every edge that the firmware has driven, in the order of time."""

    def __init__(self, path: Path, board: MlpBoard) -> None:
        """Read the file that `write_interpreter` was told of; board: whose pins these are."""
        self._columns: NDArray[np.float64] = np.loadtxt(path, ndmin=2)
        self._board = board

    def refreshes(self, weights: int) -> list[Span]:
        """Each writing of all weights: from the first DAC frame's begin to the end of the last strobe."""
        begins = self._edges(self._board.dac.select_pin, 0)
        strobes, ends = (self._edges(self._board.weights.strobe_pin, level) for level in (1, 0))
        ends = ends[ends > strobes[0]]  # not the one of power-up
        first = range(0, len(ends) - weights + 1, weights)
        return [self._span(begins[begins < strobes[k]][-1], ends[k + weights - 1]) for k in first]

    def classifications(self) -> list[Span]:
        """Each from the first input's DAC frame to the valve's return, which comes after the decision."""
        begins = self._edges(self._board.dac.select_pin, 0)
        inputs = len(self._board.dac.input_channels)
        closings = self._edges(self._board.switch.pin, 1)
        returns = self._edges(self._board.gas.valve_pin, 0)
        return [
            self._span(begins[begins < closing][-inputs], returns[returns > closing][0])
            for closing in closings
            if np.any(returns > closing)
        ]

    def _edges(self, pin: int, level: int) -> NDArray[np.intp]:
        """The rows in which the pin takes this level."""
        return np.flatnonzero((self._columns[:, 2] == pin) & (self._columns[:, 3] == level))

    def _span(self, first: np.intp, last: np.intp) -> Span:
        (t0_ns, c0, _, _), (t1_ns, c1, _, _) = self._columns[first], self._columns[last]
        return Span(t0_ns * 1e-9, (t1_ns - t0_ns) * 1e-9, round(c1 - c0))
