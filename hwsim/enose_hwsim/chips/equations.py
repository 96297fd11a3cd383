"""The analog multilayer perceptron as equations: fidelity `ideal`, and `fast` until transfer curves come from ngspice.

Synapse, neuron and topology after K.-T. Tang et al., Sensors 13 (2013) 193-207, sections 2.1 to 2.3; the numbers are
those of the chip file. The synapse's weight current is the difference of two squares of overdrives that move in
opposite directions with the weight voltage, so it is linear in that voltage.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]

BOLTZMANN_OVER_CHARGE_V_PER_K = 8.617333262e-5  # CODATA 2018
ZERO_C_IN_K = 273.15
ROUNDING_V = 1e-9  # a voltage on the limit may miss it by the rounding of its own computation


def thermal_v(temperature_c: float) -> float:
    """U_T = kT/q in volts. Raises ValueError at or below absolute zero."""
    if not temperature_c > -ZERO_C_IN_K:
        raise ValueError(f"temperature {temperature_c} C, expected above {-ZERO_C_IN_K}")
    return BOLTZMANN_OVER_CHARGE_V_PER_K * (temperature_c + ZERO_C_IN_K)


@dataclass(frozen=True)
class Cells:
    """Synapse and neuron of one chip at one temperature: what training and simulation both compute with."""

    v_ref_v: float
    slope_per_v: float  # kappa / (2 U_T)
    gain: float
    swing_v: float
    bias_drive: float  # what a bias node, held at its fixed level, drives into its synapses

    @classmethod
    def of(cls, chip: MlpFile, temperature_c: float = 27.0) -> "Cells":
        """The cells of a chip file at a temperature in degrees Celsius."""
        slope_per_v = chip.synapse.kappa / (2 * thermal_v(temperature_c))
        bias_drive = float(np.tanh(slope_per_v * (chip.input.bias_v - chip.synapse.v_ref_v)))
        return cls(chip.synapse.v_ref_v, slope_per_v, chip.neuron.gain, chip.neuron.swing_v, bias_drive)

    def drive(self, v: Floats) -> Floats:
        """The synapse's input factor, -1..1: tanh(kappa (V_x - V_ref) / (2 U_T))."""
        return np.tanh(self.slope_per_v * (v - self.v_ref_v))

    def neuron_v(self, current: Floats) -> Floats:
        """The neuron's output for a sum of synapse currents, one of full weight and full drive being 1."""
        return self.v_ref_v + self.swing_v * np.tanh(self.gain * current)


class EquationChip:
    """One chip file's network, vectorised over samples and over sets of weights. Everything in volts.

    Weights are numbered neuron by neuron: input i of hidden neuron j is (inputs + 1) * j + i, its bias node the last of
    the row; then the output neurons in the same way over the hidden outputs.
    """

    def __init__(self, chip: MlpFile, temperature_c: float = 27.0) -> None:
        """Take the chip's cells at temperature_c. Raises ValueError for more than one output: bands need one."""
        if chip.topology.outputs != 1:
            raise ValueError(f"{chip.name}: topology.outputs {chip.topology.outputs}, expected 1")
        self.chip = chip
        self.cells = Cells.of(chip, temperature_c)

    def output_v(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> Floats:
        """Output voltages: inputs (S, I) with weights (W,) give (S,), with weights (C, W) give (C, S).

        Raises ValueError naming index, value and limit for a voltage that is not a number or outside the chip's range,
        and for a wrong shape.
        """
        hidden_v, weights, single = self._hidden(inputs_v, weights_v)
        output_weights = weights[:, self.chip.topology.hidden * (self.chip.topology.inputs + 1) :]
        current = np.einsum("ch,csh->cs", output_weights[:, :-1], self.cells.drive(hidden_v))
        current += output_weights[:, -1:] * self.cells.bias_drive
        output_v = self.cells.neuron_v(current)
        return output_v[0] if single else output_v

    def hidden_v(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> Floats:
        """Voltages of the hidden neurons, (S, H) or (C, S, H); arguments and errors as for output_v."""
        hidden_v, _, single = self._hidden(inputs_v, weights_v)
        return hidden_v[0] if single else hidden_v

    def _hidden(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> tuple[Floats, Floats, bool]:
        topology, synapse = self.chip.topology, self.chip.synapse
        inputs = checked_v(inputs_v, "input", (2,), topology.inputs, self.chip.input.min_v, self.chip.input.max_v)
        volts = checked_v(weights_v, "weight", (1, 2), topology.weights, synapse.weight_min_v, synapse.weight_max_v)
        # A lower voltage is a more positive weight: the PMOS side conducts more.
        weights = (synapse.weight_zero_v - np.atleast_2d(volts)) / ((synapse.weight_max_v - synapse.weight_min_v) / 2)
        rows = weights[:, : topology.hidden * (topology.inputs + 1)]
        rows = rows.reshape(len(weights), topology.hidden, topology.inputs + 1)
        current = np.einsum("chi,si->csh", rows[:, :, :-1], self.cells.drive(inputs))
        current += rows[:, None, :, -1] * self.cells.bias_drive
        return self.cells.neuron_v(current), weights, volts.ndim == 1


def checked_v(
    values: ArrayLike, what: str, dimensions: tuple[int, ...], width: int, min_v: float, max_v: float
) -> Floats:
    """The voltages as an array whose last axis is `width` long, every one a number within min_v..max_v.

    Raises ValueError with one line: what, index, value and limits, or the shape that was expected.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in dimensions or array.shape[-1] != width:
        raise ValueError(f"{what} voltages of shape {array.shape}, expected {width} in the last of {dimensions} axes")
    outside = ~((array >= min_v - ROUNDING_V) & (array <= max_v + ROUNDING_V))  # so written that NaN is outside
    if outside.any():
        at = tuple(int(k) for k in np.argwhere(outside)[0])
        raise ValueError(f"{what} {list(at)}: {array[at]} V, expected {min_v}..{max_v} V")
    return array
