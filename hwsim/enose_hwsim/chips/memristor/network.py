"""What is built: the parts of one memristor network, from which netlist, equations and fast twin all come.

Circuit after V. Mladenov et al., preprint 10.20944/preprints202401.1245 (2024), paper 002: two inverting op-amp stages
to a neuron (figure 9), blocks of devices in series where one alone would see its threshold (equation 18), two
anti-parallel transistors behind a memristor as sigmoid (figure 6), a divider with a buffer (figure 12). The paper's own
network and our chip differ in numbers only.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MemristorFile, Topology
from enose_hwsim.chips.equations import checked_v
from enose_hwsim.memristor_sections import OpAmps

Floats = NDArray[np.float64]

ADDER_BLOCKS = ("M9", "M8", "M7")  # the paper's names: over the plus stage, between the stages, over the sum's stage
HIDDEN_BLOCKS = ("U1", "upper", "lower")  # the sigmoid's series memristor, and both parts of the divider
SHIFT_V = 0.5  # between the clamped voltage and the sigmoid's output
ROUNDING = 1e-9  # a memristance, relative, or a voltage on its limit may miss it by its own computation


@dataclass(frozen=True)
class Block:
    """Memristors in series, all programmed alike. None of them leaves its place."""

    name: str
    devices: int
    ohm: float  # of the whole block


@dataclass(frozen=True)
class Network:
    """All numbers of a network. Voltages are from the common node but for common_v and the rails."""

    title: str
    topology: Topology
    low_rail_v: float
    common_v: float
    high_rail_v: float
    input_min_v: float
    input_max_v: float
    bias_v: float
    threshold_v: float
    tolerance: float
    min_ohm: float
    max_ohm: float
    feedback_ohm: float
    feedback_devices: tuple[int, ...]  # in each block of an adder, the hidden adders first
    series_ohm: float
    series_devices: int
    transistors: int  # in parallel, for a series memristor of another size
    steepness_per_v: float
    divider: float
    divider_ohm: float
    divider_devices: int
    opamps: OpAmps

    @classmethod
    def of(cls, chip: MemristorFile) -> "Network":
        """The network of a chip file."""
        topology, common_v = chip.topology, chip.input.common_v
        return cls(
            title=chip.title,
            topology=topology,
            low_rail_v=0.0,
            common_v=common_v,
            high_rail_v=chip.supply.nominal_v,
            input_min_v=chip.input.min_v - common_v,
            input_max_v=chip.input.max_v - common_v,
            bias_v=chip.input.bias_span_v,
            threshold_v=chip.devices.threshold_v,
            tolerance=chip.devices.tolerance,
            min_ohm=chip.devices.min_ohm,
            max_ohm=chip.devices.max_ohm,
            feedback_ohm=chip.adder.feedback_ohm,
            feedback_devices=(chip.hidden_devices,) * topology.hidden + (chip.output_devices,) * topology.outputs,
            series_ohm=chip.activation.series_ohm,
            series_devices=chip.activation.series_devices,
            transistors=1,
            steepness_per_v=chip.activation.steepness_per_v,
            divider=chip.activation.divider,
            divider_ohm=chip.activation.divider_ohm,
            divider_devices=chip.divider_devices,
            opamps=chip.opamps,
        )

    @property
    def adders(self) -> int:
        """One to a neuron."""
        return self.topology.hidden + self.topology.outputs

    @property
    def neuron_names(self) -> list[str]:
        """N1, N2, ... of the hidden layer, then Y1, Y2, ... of the outputs, as in the paper."""
        hidden = [f"N{j + 1}" for j in range(self.topology.hidden)]
        return hidden + [f"Y{k + 1}" for k in range(self.topology.outputs)]

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every block: three to an adder, neuron by neuron, then three more to a hidden neuron."""
        upper_ohm = self.divider_ohm * (1 / self.divider - 1)
        hidden = ((self.series_devices, self.series_ohm), (self.divider_devices, upper_ohm), (1, self.divider_ohm))
        adders = [
            Block(f"{neuron}.{name}", devices, self.feedback_ohm)
            for neuron, devices in zip(self.neuron_names, self.feedback_devices, strict=True)
            for name in ADDER_BLOCKS
        ]
        return (
            *adders,
            *(
                Block(f"{neuron}.{name}", devices, ohm)
                for neuron in self.neuron_names[: self.topology.hidden]
                for name, (devices, ohm) in zip(HIDDEN_BLOCKS, hidden, strict=True)
            ),
        )

    @cached_property
    def block_of_device(self) -> NDArray[np.intp]:
        """To which block each device in one belongs, (D,)."""
        return np.repeat(np.arange(len(self.blocks)), [block.devices for block in self.blocks])

    @cached_property
    def block_device_ohm(self) -> Floats:
        """What each device in a block is programmed to, (D,)."""
        return np.concatenate([np.full(block.devices, block.ohm / block.devices) for block in self.blocks])

    @cached_property
    def weight_names(self) -> list[str]:
        """`N1.M1` to `N1.M5` and `N1.Mbias`, neuron by neuron: the names of the memristors that are weights."""
        names = []
        for j, neuron in enumerate(self.neuron_names):
            inputs = self.topology.inputs if j < self.topology.hidden else self.topology.hidden
            names += [*(f"{neuron}.M{i + 1}" for i in range(inputs)), f"{neuron}.Mbias"]
        return names

    @cached_property
    def device_names(self) -> list[str]:
        """Every memristor: the weights, then the blocks' devices as `N1.M7.2`."""
        return self.weight_names + [f"{block.name}.{k + 1}" for block in self.blocks for k in range(block.devices)]

    @property
    def opamp_names(self) -> list[str]:
        """The plus and the sum stage of each adder, then the two buffers, behind clamp and divider, of each neuron."""
        adders = [f"{stage}{j}" for j in range(self.adders) for stage in ("plus", "sum")]
        return adders + [f"{buffer}{j}" for j in range(self.topology.hidden) for buffer in ("shift", "tap")]

    def rows(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights (C, W) by neuron: (C, H, I + 1) of the hidden layer, (C, O, H + 1) of the output layer."""
        t = self.topology
        border = t.hidden * (t.inputs + 1)
        hidden = weights[:, :border].reshape(len(weights), t.hidden, t.inputs + 1)
        return hidden, weights[:, border:].reshape(len(weights), t.outputs, t.hidden + 1)

    def checked_inputs(self, inputs_v: ArrayLike) -> Floats:
        """Inputs (S, I) in absolute volts, from the common node. Raises ValueError as checked_v, and for no samples."""
        low_v, high_v = self.common_v + self.input_min_v, self.common_v + self.input_max_v
        inputs = checked_v(inputs_v, "input", (2,), self.topology.inputs, low_v, high_v) - self.common_v
        if not len(inputs):
            raise ValueError("input voltages of no samples, expected at least one")
        return inputs

    def checked_ohms(self, weights_ohm: ArrayLike) -> Floats:
        """Weights (W,) or (C, W) as signed ohms, 0 for an open switch.

        Raises ValueError for a wrong shape, and naming index, value and limits for one that no device takes.
        """
        ohms = np.asarray(weights_ohm, dtype=np.float64)
        if ohms.ndim not in (1, 2) or ohms.shape[-1] != self.topology.weights or not ohms.size:
            raise ValueError(
                f"memristances of shape {ohms.shape}, expected {self.topology.weights} in the last axis of one or two"
            )
        size = np.abs(ohms)
        inside = (size >= self.min_ohm * (1 - ROUNDING)) & (size <= self.max_ohm * (1 + ROUNDING))
        outside = ~(inside | (ohms == 0))  # so written that NaN is outside
        if outside.any():
            at = tuple(int(k) for k in np.argwhere(outside)[0])
            raise ValueError(
                f"memristance {list(at)}: {ohms[at]:g} ohm, expected {self.min_ohm:g}..{self.max_ohm:g} ohm of either "
                "sign, or 0 for an open switch"
            )
        return ohms


def siemens(ohms: Floats) -> Floats:
    """Signed conductances; an open switch has none."""
    return np.divide(1.0, ohms, out=np.zeros_like(ohms), where=ohms != 0)
