"""The chip's equations once more, in single precision and with their gradient, over many networks at once.

The forward pass is held to enose_hwsim.chips.equations by a test; the backward pass to its finite differences.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.training.circuit import Singles
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.equations import Cells


@dataclass(frozen=True)
class _Activity:
    """What a forward pass leaves for the backward pass. J networks, H hidden neurons, S samples."""

    hidden: Singles  # (J, H, S) tanh of the hidden neurons
    hidden_drive: Singles  # (J, H, S) what they drive into the output's synapses
    output: Singles  # (J, S) tanh of the output neuron


class EquationCircuit:
    """One chip's network with one output, as a Circuit: fidelity `ideal`."""

    def __init__(self, chip: MlpFile) -> None:
        """Take sizes and cells of the chip."""
        self.inputs, self.hidden, self.weights = chip.topology.inputs, chip.topology.hidden, chip.topology.weights
        self.droop = droop(chip)
        self.cells = Cells.of(chip)
        self._hidden_slope = np.float32(self.cells.slope_per_v * self.cells.swing_v)

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """The tanh of each input."""
        return self.cells.drive(inputs_v).astype(np.float32)

    def drive_per_v(self, drives: Singles) -> Singles:
        """A tanh's slope."""
        return np.float32(self.cells.slope_per_v) * (1 - drives**2)

    def random_layer(self, drives: Singles, rows: Singles) -> Singles:
        """The tanh of hidden neurons, (..., S, N)."""
        current = np.matmul(drives, rows[:, :-1].T) + np.float32(self.cells.bias_drive) * rows[:, -1]
        return np.asarray(np.tanh(np.float32(self.cells.gain) * current))

    def within(self, weights: Singles) -> Singles:
        """Clipped to -1..1."""
        return np.clip(weights, -1, 1)

    def reachable(self, weights: Singles) -> Singles:
        """All of them: a capacitor takes any voltage."""
        return weights

    def output_v(self, drives: Singles, weights: Singles) -> Singles:
        """Drives (J, S, I) through weights (J, W)."""
        return self._output_v(self._forward(drives, weights))

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        """By the chain rule."""
        activity = self._forward(drives, weights)
        slope = slope_of(self._output_v(activity))
        gain, bias = np.float32(self.cells.gain), np.float32(self.cells.bias_drive)
        _, output_row = self._rows(weights)
        by_current = slope * (gain * np.float32(self.cells.swing_v)) * (1 - activity.output**2)
        by_output = np.matmul(activity.hidden_drive, by_current[:, :, None])[:, :, 0]
        by_bias = bias * by_current.sum(axis=1, keepdims=True)
        by_hidden = by_current[:, None, :] * output_row[:, :-1, None]
        by_hidden *= (1 - activity.hidden_drive**2) * (1 - activity.hidden**2) * (gain * self._hidden_slope)
        by_rows = np.concatenate([np.matmul(by_hidden, drives), bias * by_hidden.sum(axis=2, keepdims=True)], axis=2)
        return np.concatenate([by_rows.reshape(len(weights), -1), by_output, by_bias], axis=1)

    def _forward(self, drives: Singles, weights: Singles) -> _Activity:
        gain, bias = np.float32(self.cells.gain), np.float32(self.cells.bias_drive)
        rows, output_row = self._rows(weights)
        hidden = np.tanh(gain * (np.matmul(rows[..., :-1], drives.transpose(0, 2, 1)) + bias * rows[..., -1:]))
        hidden_drive = np.tanh(self._hidden_slope * hidden)
        current = np.matmul(output_row[:, None, :-1], hidden_drive)[:, 0] + bias * output_row[:, -1:]
        return _Activity(hidden, hidden_drive, np.tanh(gain * current))

    def _output_v(self, activity: _Activity) -> Singles:
        return np.float32(self.cells.swing_v) * activity.output

    def _rows(self, weights: Singles) -> tuple[Singles, Singles]:
        split = self.hidden * (self.inputs + 1)
        return weights[:, :split].reshape(-1, self.hidden, self.inputs + 1), weights[:, split:]


def droop(chip: MlpFile) -> float:
    """How far a weight may droop before it is refreshed, in weights: a lower voltage is a more positive one."""
    return 2 * chip.retention.droop_max_v / (chip.synapse.weight_max_v - chip.synapse.weight_min_v)
