"""The fast twin of the chip of transistors, with mismatch, temperature and noise, certified against ngspice."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import BIAS, CONVERTER, NEGATIVE_HALF, NEURON, POSITIVE_HALF
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.equations import checked_v
from enose_hwsim.chips.output_noise import power_of_parts
from enose_hwsim.chips.twin.characterise import BIAS_UNIT_V, DRIVES, GRID, SUM_V, drive
from enose_hwsim.chips.twin.noise import output_parts_v2
from enose_hwsim.chips.twin.polynomial import basis, monomials
from enose_hwsim.chips.twin.programmed import Neurons, Programmed, neurons_of, programmed
from enose_hwsim.chips.twin.region import check_region, in_sigmas
from enose_hwsim.chips.twin.store import load_densities, load_tables
from enose_hwsim.spice.cards import Corner


class TwinChip:
    """Chips of one chip file, vectorised over samples and chips; interface and errors are those of EquationChip."""

    def __init__(
        self,
        chip: MlpFile,
        temperature_c: float = 27.0,
        shifts: Shifts | None = None,
        corner: Corner = "tt",
        dtype: type[np.float32] | type[np.float64] = np.float64,
    ) -> None:
        """Prepare the chips with these threshold shifts, one nominal chip without.

        The tables come from the store, or, the first time at a temperature, from some seconds of ngspice. Raises
        NotCertified, a ValueError with value and limit, for a temperature, corner or chip file outside the certified
        region, and, with its index, for a shift beyond SHIFT_LIMIT sigmas; ValueError for more than one output.
        """
        check_region(chip, temperature_c, corner)
        if chip.topology.outputs != 1:
            raise ValueError(f"{chip.name}: topology.outputs {chip.topology.outputs}, expected 1")
        self.chip = chip
        self.temperature_c = temperature_c
        self.corner = corner
        self.shifts = Shifts.none(chip.topology) if shifts is None else shifts
        z: dict[str, NDArray[Any]] = {
            name: in_sigmas(getattr(self.shifts, name), cell.sigma_v, name).astype(dtype)
            for name, cell in (
                ("positive_v", POSITIVE_HALF),
                ("negative_v", NEGATIVE_HALF),
                ("converter_v", CONVERTER),
                ("neuron_v", NEURON),
                ("bias_v", BIAS),
            )
        }
        tables = load_tables(chip, temperature_c, corner)
        self._synapses = _halves(z["positive_v"], tables.positive_na) + _halves(z["negative_v"], tables.negative_na)
        self._converters = monomials(z["converter_v"]) @ tables.converter_na.astype(dtype)
        bias_v = monomials(z["bias_v"].astype(np.float64)) @ tables.bias_v - tables.bias_v[0]
        per_neuron = np.broadcast_to((bias_v / BIAS_UNIT_V)[:, None, None], (*z["neuron_v"].shape[:2], 1))
        varied = np.concatenate((z["neuron_v"], per_neuron.astype(dtype)), axis=-1)
        self._neurons = monomials(varied) @ tables.neuron_v.astype(dtype)

    def program(self, weights_v: ArrayLike) -> Programmed:
        """The chips with their weights: (W,) for all, (C, W) for each its own, or for one chip C times.

        Raises ValueError as `output_v`.
        """
        topology, synapse = self.chip.topology, self.chip.synapse
        volts = checked_v(weights_v, "weight", (1, 2), topology.weights, synapse.weight_min_v, synapse.weight_max_v)
        weights, chips = np.atleast_2d(volts), len(self.shifts)
        if len(weights) != chips and 1 not in (len(weights), chips):
            raise ValueError(f"{len(weights)} sets of weights for {chips} chips, expected one for each")
        powers = basis(weights, synapse.weight_min_v, synapse.weight_max_v, GRID[1]).astype(self._synapses.dtype)
        count = max(chips, len(weights))
        synapses = np.matmul(powers[:, :, None], self._synapses)[:, :, 0]
        return programmed(
            self.chip,
            synapses.reshape(count, topology.weights, GRID[0], GRID[2]),
            self._ready_neurons,
        )

    @cached_property
    def _ready_neurons(self) -> Neurons:
        """What no weight changes: a simulated board puts its chip together anew for every reading."""
        return neurons_of(self.chip, self._converters, self._neurons)

    def output_v(
        self, inputs_v: ArrayLike, weights_v: ArrayLike, rng: np.random.Generator | None = None
    ) -> NDArray[np.float64] | NDArray[np.float32]:
        """Output voltages: inputs (S, I) with weights (W,) give (S,), with weights (C, W) give (C, S).

        Several chips with one set of weights give (C, S) too. With an rng each output carries noise of `noise_v`, drawn
        anew for each: white noise is so; that 1/f is alike in neighbouring samples is left out. Raises ValueError as
        EquationChip, and for weights of another number of chips.
        """
        inputs, ready = self.checked_inputs(inputs_v), self.program(weights_v)
        answer = ready.output_v(inputs)
        if rng is not None:
            answer = answer + (self._noise_v(ready, inputs, weights_v) * rng.standard_normal(answer.shape)).astype(
                answer.dtype
            )
        return answer[0] if np.ndim(weights_v) == 1 and len(answer) == 1 else answer

    def synapse_na(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> NDArray[Any]:
        """Every synapse's current into a summing node at V_ref, (C, W, X, V), for inputs (X,) and weights (V,).

        What a synapse's gain and offset are read off. Raises ValueError for a voltage outside the chip's range.
        """
        synapse = self.chip.synapse
        inputs = self.checked_inputs(np.repeat(np.asarray(inputs_v)[:, None], self.chip.topology.inputs, axis=1))[:, 0]
        limits = (synapse.weight_min_v, synapse.weight_max_v)
        weights = checked_v(weights_v, "weight", (1,), len(np.atleast_1d(weights_v)), *limits)
        across = basis(drive(inputs, synapse.v_ref_v), *DRIVES, GRID[0])
        along, node = basis(weights, *limits, GRID[1]), basis(np.array([synapse.v_ref_v]), *SUM_V, GRID[2])[0]
        table = self._synapses.reshape(*self._synapses.shape[:2], GRID[1], GRID[0], GRID[2])
        return np.asarray(np.einsum("cwjik,xi,vj,k->cwxv", table, across, along, node, optimize=True))

    def neuron_curves(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """(current into the summing node in nA, output in V), each (C, N, points): every neuron's transfer curve."""
        return self._converters, self._neurons

    def synapse_table_na(self) -> NDArray[np.float64]:
        """Every synapse's current as Chebyshev's coefficients over weight, drive and node, (C, W, 7, 11, 6)."""
        table_na = self._synapses.reshape(*self._synapses.shape[:2], GRID[1], GRID[0], GRID[2])
        return np.asarray(table_na, dtype=np.float64).copy()

    def noise_v(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> NDArray[np.float64]:
        """The noise of those outputs, RMS in volts over the band of output_noise.py: shapes and errors of `output_v`.

        From the cells' own noise in ngspice, taken in half a second the first time; see noise.py for what is in it.
        """
        inputs, ready = self.checked_inputs(inputs_v), self.program(weights_v)
        answer = self._noise_v(ready, inputs, weights_v)
        return answer[0] if np.ndim(weights_v) == 1 and len(answer) == 1 else answer

    def _noise_v(self, ready: Programmed, inputs: NDArray[np.float64], weights_v: ArrayLike) -> NDArray[np.float64]:
        where = (self.chip, self.temperature_c, self.corner)
        weights = np.atleast_2d(np.asarray(weights_v, dtype=np.float64))
        white, flicker = output_parts_v2(self.chip, ready, weights, load_tables(*where), load_densities(*where), inputs)
        return np.sqrt(power_of_parts(self.chip, white, flicker))

    def checked_inputs(self, inputs_v: ArrayLike) -> NDArray[np.float64]:
        """The inputs as an array (S, I). Raises ValueError for one outside the chip's range."""
        limits = self.chip.input
        return checked_v(inputs_v, "input", (2,), self.chip.topology.inputs, limits.min_v, limits.max_v)


def _halves(z: NDArray[Any], table_na: NDArray[np.float64]) -> NDArray[Any]:
    """Currents of half-synapses with shifts z (C, W, 7), as polynomials: (C, W, 7 weights, 11 drives x 6 nodes)."""
    by_weight = table_na.transpose(0, 2, 1, 3).reshape(len(table_na), -1).astype(z.dtype)
    currents = np.empty((*z.shape[:2], by_weight.shape[1]), z.dtype)
    for c in range(0, len(z), 64):  # the monomials of all chips would not fit
        currents[c : c + 64] = monomials(z[c : c + 64]) @ by_weight
    return currents.reshape(*z.shape[:2], GRID[1], -1)
