"""The chip's equations once more, in single precision and with their gradient, over many networks at once.

The forward pass is held to enose_hwsim.chips.equations by a test; the backward pass to its finite differences.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.equations import Cells

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Activity:
    """What a forward pass leaves for the backward pass. J networks, H hidden neurons, S samples."""

    hidden: Singles  # (J, H, S) tanh of the hidden neurons
    hidden_drive: Singles  # (J, H, S) what they drive into the output's synapses
    output: Singles  # (J, S) tanh of the output neuron
    output_v: Singles  # (J, S) output above V_ref, in volts


class Circuit:
    """One chip's network with one output, for weights in -1..1 numbered as in EquationChip."""

    def __init__(self, chip: MlpFile) -> None:
        """Take sizes and cells of the chip."""
        self.inputs, self.hidden, self.weights = chip.topology.inputs, chip.topology.hidden, chip.topology.weights
        self.cells = Cells.of(chip)
        self._hidden_slope = np.float32(self.cells.slope_per_v * self.cells.swing_v)

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """(..., S, I) volts to (..., S, I + 1) drives, the bias node's last."""
        bias = np.full((*inputs_v.shape[:-1], 1), self.cells.bias_drive)
        return np.concatenate([self.cells.drive(inputs_v), bias], axis=-1).astype(np.float32)

    def forward(self, drives: Singles, weights: Singles) -> Activity:
        """Drives (J, S, I + 1) through weights (J, W)."""
        gain, bias = np.float32(self.cells.gain), np.float32(self.cells.bias_drive)
        rows, output_row = self._rows(weights)
        hidden = np.tanh(gain * np.matmul(rows, drives.transpose(0, 2, 1)))
        hidden_drive = np.tanh(self._hidden_slope * hidden)
        current = np.matmul(output_row[:, None, :-1], hidden_drive)[:, 0] + bias * output_row[:, -1:]
        output = np.tanh(gain * current)
        return Activity(hidden, hidden_drive, output, np.float32(self.cells.swing_v) * output)

    def gradient(self, drives: Singles, weights: Singles, activity: Activity, slope: Singles) -> Singles:
        """Gradient by the weights, (J, W), of a loss whose slope by output_v is (J, S), per volt."""
        gain, bias = np.float32(self.cells.gain), np.float32(self.cells.bias_drive)
        _, output_row = self._rows(weights)
        by_current = slope * (gain * np.float32(self.cells.swing_v)) * (1 - activity.output**2)
        by_output = np.matmul(activity.hidden_drive, by_current[:, :, None])[:, :, 0]
        by_bias = bias * by_current.sum(axis=1, keepdims=True)
        by_hidden = by_current[:, None, :] * output_row[:, :-1, None]
        by_hidden *= (1 - activity.hidden_drive**2) * (1 - activity.hidden**2) * (gain * self._hidden_slope)
        by_rows = np.matmul(by_hidden, drives).reshape(len(weights), -1)
        return np.concatenate([by_rows, by_output, by_bias], axis=1)

    def _rows(self, weights: Singles) -> tuple[Singles, Singles]:
        split = self.hidden * (self.inputs + 1)
        return weights[:, :split].reshape(-1, self.hidden, self.inputs + 1), weights[:, split:]
