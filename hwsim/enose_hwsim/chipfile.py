"""Chip files: one analog network each, as boards/chips/*.toml describes it; the key `kind` says with which sections."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from enose_hwsim.memristor_sections import (
    Activation,
    Adder,
    Devices,
    NotNegative,
    OpAmps,
    Pulse,
    Verification,
    devices_in_series,
)
from enose_hwsim.tomlfile import Celsius, Count, Name, Positive, Section, load

ROUNDING_V = 1e-9  # of a difference of two voltages


class Topology(Section, frozen=True):
    """Inputs, hidden neurons and outputs; every layer has a bias node besides."""

    inputs: Count
    hidden: Count
    outputs: Count

    @property
    def weights(self) -> int:
        """How many weights: each neuron has one per input and one for the bias node."""
        return self.hidden * (self.inputs + 1) + self.outputs * (self.hidden + 1)


class Supply(Section, frozen=True):
    """The chip's supply."""

    nominal_v: Positive
    tolerance_v: Positive


class Input(Section, frozen=True):
    """Input range of the chip, its bias nodes' level and the code that puts no field on the array."""

    min_v: Positive
    max_v: Positive
    bias_v: Positive
    no_field_v: Positive


class MlpInput(Input, frozen=True):
    """A bias node is an input like the others, within their range."""

    def __post_init__(self) -> None:
        if not (self.min_v < self.max_v and self.min_v <= min(self.bias_v, self.no_field_v)):
            raise ValueError(f"min_v {self.min_v} is not below max_v, bias_v and no_field_v")
        if max(self.bias_v, self.no_field_v) > self.max_v:
            raise ValueError(f"bias_v {self.bias_v} or no_field_v {self.no_field_v} is above max_v {self.max_v}")


class MemristorInput(Input, frozen=True):
    """Inputs lie on both sides of the op-amps' common node, the bias above it."""

    common_v: Positive

    def __post_init__(self) -> None:
        if not self.min_v < self.common_v < self.max_v:
            raise ValueError(f"common_v {self.common_v} is not between min_v {self.min_v} and max_v {self.max_v}")
        if self.no_field_v != self.common_v:
            raise ValueError(
                f"no_field_v {self.no_field_v} is not common_v {self.common_v}, where no device has a field"
            )
        if not self.bias_v > self.common_v:
            raise ValueError(f"bias_v {self.bias_v} is not above common_v {self.common_v}")

    @property
    def span_v(self) -> float:
        """The farthest that an input gets from the common node."""
        return max(self.max_v - self.common_v, self.common_v - self.min_v)

    @property
    def bias_span_v(self) -> float:
        """The bias node's level above the common node."""
        return self.bias_v - self.common_v


class Synapse(Section, frozen=True):
    """The multiplier: weight voltage times the tanh of the input."""

    v_ref_v: Positive
    kappa: Positive
    weight_zero_v: Positive
    weight_min_v: Positive
    weight_max_v: Positive

    def __post_init__(self) -> None:
        if not self.weight_min_v < self.weight_zero_v < self.weight_max_v:
            raise ValueError(f"weight_zero_v {self.weight_zero_v} is not between weight_min_v and weight_max_v")


class Neuron(Section, frozen=True):
    """The neuron's gain and half its output swing."""

    gain: Positive
    swing_v: Positive


class Output(Section, frozen=True):
    """Range of the output, where a reading is a fault, and how long it takes to settle."""

    min_v: Positive
    max_v: Positive
    valid_min_v: Positive
    valid_max_v: Positive
    settle_s: Positive
    time_constant_s: Positive

    def __post_init__(self) -> None:
        if not self.valid_min_v <= self.min_v < self.max_v <= self.valid_max_v:
            raise ValueError(f"{self.min_v}..{self.max_v} V is not within {self.valid_min_v}..{self.valid_max_v} V")


class Bands(Section, frozen=True):
    """Bands on one output: edges from low to high, and the guard about each in which the device abstains."""

    rule: Literal["bands"]
    edges_v: Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=7)]
    guard_v: NotNegative

    def __post_init__(self) -> None:
        if list(self.edges_v) != sorted(set(self.edges_v)):
            raise ValueError(f"edges_v {list(self.edges_v)} do not rise")


class Largest(Section, frozen=True):
    """The largest of the outputs and of a resting level, which stands for one class more: that of no output above it.

    Nearer than guard_v to the second largest the device abstains. All voltages are absolute.
    """

    rule: Literal["largest"]
    rest_v: Positive
    guard_v: NotNegative


class Retention(Section, frozen=True):
    """How the weights leak, and how much droop the chip tolerates."""

    leak_v_per_s: Positive
    leak_at_c: Celsius
    leak_doubling_c: Positive
    droop_max_v: Positive


class Hold(Section, frozen=True):
    """Sample and hold in front of each weight capacitor."""

    acquire_s: Positive
    time_constant_s: Positive


class Learning(Section, frozen=True):
    """On-chip back-propagation, and the weights read back: the addressed one is on one pin."""

    pulse_max_s: Positive
    teacher_min_v: Positive
    teacher_max_v: Positive
    readout_settle_s: Positive

    def __post_init__(self) -> None:
        if not self.teacher_min_v < self.teacher_max_v:
            raise ValueError(f"teacher_min_v {self.teacher_min_v} is not below teacher_max_v {self.teacher_max_v}")


class ChipFile(Section, frozen=True):
    """What every kind of chip has: its size, its supply, its input and output ranges and how its output is decided."""

    name: Name
    title: str
    kind: Literal["mlp", "memristor"]
    topology: Topology
    supply: Supply
    input: Input
    output: Output
    decision: Bands | Largest


class MlpFile(ChipFile, frozen=True, kw_only=True):
    """A multilayer perceptron whose weights are voltages on capacitors."""

    kind: Literal["mlp"]
    input: MlpInput
    decision: Bands
    synapse: Synapse
    neuron: Neuron
    retention: Retention
    hold: Hold
    learning: Learning | None = None

    @property
    def answers(self) -> int:
        """How many classes the output can name: one a band, the lowest first."""
        return len(self.decision.edges_v) + 1

    def leak_v_per_s(self, temperature_c: float) -> float:
        """How fast a weight droops at a temperature."""
        r = self.retention
        return float(r.leak_v_per_s * 2 ** ((temperature_c - r.leak_at_c) / r.leak_doubling_c))


def _at(key: str, text: str) -> ValueError:
    """What one key says against another section's, with the place as msgspec writes it: `load` finds the line by it."""
    return ValueError(f"{text} - at `$.{key}`")


class MemristorFile(ChipFile, frozen=True, kw_only=True):
    """A network whose weights are memristances between its inputs and op-amp adders; a switch gives each its sign."""

    kind: Literal["memristor"]
    input: MemristorInput
    decision: Largest
    devices: Devices
    pulse: Pulse
    adder: Adder
    activation: Activation
    opamps: OpAmps
    retention: Verification

    def __post_init__(self) -> None:
        half_v = (self.output.max_v - self.output.min_v) / 2
        if self.decision.guard_v > half_v + ROUNDING_V:
            raise _at("decision.guard_v", f"{self.decision.guard_v} V is above {half_v:.6g} V, half the output range")
        if self.decision.rest_v != self.input.common_v:
            raise _at("decision.rest_v", f"{self.decision.rest_v} V is not input.common_v {self.input.common_v} V")
        self._check_threshold()
        self._check_supply()

    def _check_threshold(self) -> None:
        """What devices see in inference is below their threshold, what moves them above."""
        threshold_v = self.devices.threshold_v
        for key, name, v in (
            ("input", "its farthest voltage from common_v", self.input.span_v),
            ("input.bias_v", "from common_v", self.input.bias_span_v),
            ("pulse.read_v", "it reads at", self.pulse.read_v),
            ("activation.divider", "of high_v", self.activation.divider * self.activation.high_v),
        ):
            if not v < threshold_v:
                raise _at(key, f"{name} {v:.6g} V is not below devices.threshold_v {threshold_v} V")
        if not self.pulse.min_v > threshold_v:
            raise _at("pulse.min_v", f"{self.pulse.min_v} V is not above devices.threshold_v {threshold_v} V")

    def _check_supply(self) -> None:
        """What op-amps and pulses have to reach, at the lowest supply. Pulses have either sign, and need no margin."""
        common_v, lowest_v = self.input.common_v, self.supply.nominal_v - self.supply.tolerance_v
        margin_v = self.opamps.rail_margin_v
        for key, down_v, up_v, off_v in (
            ("adder.hidden_max_v", self.adder.hidden_max_v, self.adder.hidden_max_v, margin_v),
            ("adder.output_max_v", self.adder.output_max_v, self.adder.output_max_v, margin_v),
            ("activation.high_v", 0.0, self.activation.high_v, margin_v),
            ("pulse.max_v", self.pulse.max_v, self.pulse.max_v, 0.0),
        ):
            if common_v - down_v < off_v or common_v + up_v > lowest_v - off_v:
                raise _at(
                    key,
                    f"from common_v it reaches {common_v - down_v:.6g}..{common_v + up_v:.6g} V, expected within "
                    f"{off_v:g}..{lowest_v - off_v:.6g} V of the lowest supply",
                )

    @property
    def answers(self) -> int:
        """How many classes the outputs can name: one each, then the one at rest."""
        return self.topology.outputs + 1

    @property
    def hidden_devices(self) -> int:
        """How many devices a hidden adder's feedback block has, none of which sees its threshold: paper 002, eq. 18."""
        return self._feedback_devices(self.adder.hidden_max_v)

    @property
    def output_devices(self) -> int:
        """The same for an output adder."""
        return self._feedback_devices(self.adder.output_max_v)

    @property
    def divider_devices(self) -> int:
        """The same for the upper part of the divider."""
        upper_v = (1 - self.activation.divider) * self.activation.high_v
        return devices_in_series(upper_v * (1 + 2 * self.devices.tolerance), self.devices.threshold_v)

    def _feedback_devices(self, stage_v: float) -> int:
        # A sum has the errors of a weight and of three blocks in it, a device's share of its block two more.
        return devices_in_series(stage_v * (1 + 6 * self.devices.tolerance), self.devices.threshold_v)


AnyChip = MlpFile | MemristorFile


class _Kind(Section, frozen=True, forbid_unknown_fields=False):
    """The one key that says what the rest of the file is."""

    kind: Literal["mlp", "memristor"]


def load_chip(path: Path) -> AnyChip:
    """The chip described by the file at path, of the kind that it says. Raises BoardError."""
    if load(path, _Kind).kind == "memristor":
        return load(path, MemristorFile)
    return load(path, MlpFile)
