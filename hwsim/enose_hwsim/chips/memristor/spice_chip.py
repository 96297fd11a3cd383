"""The memristor network solved by ngspice: fidelity `spice`, with every device monitored."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chips.equations import thermal_v
from enose_hwsim.chips.memristor import netlist as circuit
from enose_hwsim.chips.memristor.equations import Run, Signals
from enose_hwsim.chips.memristor.monitor import Seen
from enose_hwsim.chips.memristor.network import Network, siemens
from enose_hwsim.chips.memristor.spread import Spread
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

RELTOL = 1e-7  # 0.1 uV at the output


class SpiceNetwork:
    """A network loaded once: inputs and weights are external sources, the spread of chips is altered.

    Interface, numbering and errors are those of EquationNetwork; besides, SpiceError where ngspice finds no solution.
    """

    def __init__(self, network: Network, temperature_c: float = 27.0, spread: Spread | None = None) -> None:
        """Build and load the netlist, with the spread of one chip, or of as many as sets of weights will be.

        Raises ValueError for a temperature that is none; SpiceMissing without libngspice.
        """
        thermal_v(temperature_c)  # raises
        self.network = network
        self.spread = Spread.none(network) if spread is None else spread
        self._solver = Solver(circuit.netlist(network, temperature_c), RELTOL)
        self._device_ends = circuit.device_ends(network)
        self._places = circuit.weight_places(network)
        own = {node for pair in self._device_ends for node in pair} | {f"h{j}" for j in range(network.topology.hidden)}
        self._nodes = sorted(own)

    def output_v(
        self,
        inputs_v: ArrayLike,
        weights_ohm: ArrayLike,
        on_chip: Callable[[int, int], None] = lambda done, total: None,
    ) -> Floats:
        """Outputs in absolute volts: inputs (S, I) with weights (W,) give (S, O), with weights (C, W) give (C, S, O).

        on_chip(done, total) is called after each set of weights. Raises as `run`.
        """
        output_v = self.network.common_v + self.run(inputs_v, weights_ohm, on_chip).signals.output_v
        return output_v[0] if np.ndim(weights_ohm) == 1 else output_v

    def run(
        self,
        inputs_v: ArrayLike,
        weights_ohm: ArrayLike,
        on_chip: Callable[[int, int], None] = lambda done, total: None,
    ) -> Run:
        """The same with all signals, and the largest voltage over every device.

        Raises ValueError as EquationNetwork.output_v, and for a spread of another number of chips; ThresholdReached
        naming device, chip, sample and voltage; SpiceError for a sample that ngspice did not solve.
        """
        inputs = self.network.checked_inputs(inputs_v)
        ohms = np.atleast_2d(self.network.checked_ohms(weights_ohm))
        chips = self.spread.checked(len(ohms))
        bias_v = np.full(len(inputs), self.network.bias_v)
        node_v, over_v = [], []
        for c, row in enumerate(ohms):
            self._become(chips, c)
            solution = self._solver.solve(self._sources(inputs, bias_v, row, chips, c), self._nodes)
            # One that only stepping solved counts, too: with negative feedback alone there is one solution.
            node_v.append(self._from_common(solution.values))
            over_v.append(self._over_devices(inputs, bias_v, row, node_v[-1]))
            on_chip(c + 1, len(ohms))
        return Run(self._signals(node_v), self._seen(over_v))

    def transient(
        self, time_s: Floats, inputs_v: Floats, bias_v: Floats, weights_ohm: ArrayLike, step_s: float
    ) -> tuple[dict[str, Floats], Seen]:
        """Node voltages (T,) while inputs (T, I) and bias (T,), both from the common node, go through their values.

        Weights (W,) are programmed into the first chip of the spread. The monitor looks at all times. Raises as `run`,
        and as Solver.transient.
        """
        ohms = self.network.checked_ohms(weights_ohm)
        self._become(self.spread, 0)
        sources = {
            name: np.broadcast_to(values, len(time_s))
            for name, values in self._sources(inputs_v, bias_v, ohms, self.spread, 0).items()
        }
        node_v = self._from_common(self._solver.transient(time_s, sources, self._nodes, step_s))
        return node_v, self._seen([self._over_devices(inputs_v, bias_v, ohms, node_v)])

    def _become(self, chips: Spread, c: int) -> None:
        """Make the netlist chip c of the spread; a spread of one chip is all chips."""
        if c == 0 or len(chips) > 1:
            self._solver.alter(circuit.spread_parameters(self.network, chips.chip(c)))

    def _sources(self, inputs: Floats, bias_v: Floats, ohms: Floats, chips: Spread, c: int) -> dict[str, ArrayLike]:
        weights_s = siemens(ohms * (1 + chips.weight_error[c if len(chips) > 1 else 0]))
        sources: dict[str, ArrayLike] = {
            circuit.input_source(i): self.network.common_v + v for i, v in enumerate(inputs.T)
        }
        sources |= {circuit.weight_source(k): 1e3 * float(g) for k, g in enumerate(weights_s)}
        return sources | {circuit.BIAS_SOURCE: bias_v}

    def _from_common(self, values: dict[str, Floats]) -> dict[str, Floats]:
        return {node: v - self.network.common_v for node, v in values.items()}

    def _over_devices(self, inputs: Floats, bias_v: Floats, ohms: Floats, node_v: dict[str, Floats]) -> Floats:
        """Absolute voltages over every device, (S, D): the weights' first, none over one whose switch is open."""
        level_v = node_v | {f"x{i}": v for i, v in enumerate(inputs.T)} | {"bias": bias_v}
        weights_v = [
            (level_v[level] - node_v[f"{'p' if ohm > 0 else 'm'}{adder}"]) * (ohm != 0)
            for ohm, (level, adder) in zip(ohms, self._places, strict=True)
        ]
        blocks_v = [node_v[a] - node_v[b] for a, b in self._device_ends]
        return np.asarray(np.abs(np.column_stack([*weights_v, *blocks_v])))

    def _seen(self, over_v: list[Floats]) -> Seen:
        """The largest of each chip's voltages (S, D). Raises ThresholdReached."""
        largest_v = np.stack([v.max(axis=0) for v in over_v])
        at_sample = np.stack([v.argmax(axis=0) for v in over_v])
        return Seen(self.network.device_names, largest_v, at_sample, self.network.threshold_v).check()

    def _signals(self, node_v: list[dict[str, Floats]]) -> Signals:
        hidden, adders = self.network.topology.hidden, self.network.adders

        def volts(nodes: list[str]) -> Floats:
            return np.stack([np.column_stack([v[node] for node in nodes]) for v in node_v])

        return Signals(
            volts([f"s{j}" for j in range(hidden)]),
            volts([f"t{j}" for j in range(hidden)]),
            volts([f"s{j}" for j in range(hidden, adders)]),
        )
