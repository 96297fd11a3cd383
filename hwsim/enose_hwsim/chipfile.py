"""Chip files: one analog network each, as boards/chips/*.toml describes it."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from enose_hwsim.tomlfile import Celsius, Count, Name, Positive, Section, load


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

    def __post_init__(self) -> None:
        if not (self.min_v < self.max_v and self.min_v <= min(self.bias_v, self.no_field_v)):
            raise ValueError(f"min_v {self.min_v} is not below max_v, bias_v and no_field_v")
        if max(self.bias_v, self.no_field_v) > self.max_v:
            raise ValueError(f"bias_v {self.bias_v} or no_field_v {self.no_field_v} is above max_v {self.max_v}")


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


class Decision(Section, frozen=True):
    """Bands on one output: edges from low to high, and the guard about each in which the device abstains."""

    rule: Literal["bands"]
    edges_v: Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=7)]
    guard_v: Annotated[float, Meta(ge=0, le=1e6)]

    def __post_init__(self) -> None:
        if list(self.edges_v) != sorted(set(self.edges_v)):
            raise ValueError(f"edges_v {list(self.edges_v)} do not rise")


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


class ChipFile(Section, frozen=True):
    """What every kind of chip has: its size, its supply, its input and output ranges and how its output is decided."""

    name: Name
    title: str
    kind: Literal["mlp"]
    topology: Topology
    supply: Supply
    input: Input
    output: Output
    decision: Decision


class MlpFile(ChipFile, frozen=True, kw_only=True):
    """A multilayer perceptron whose weights are voltages on capacitors."""

    synapse: Synapse
    neuron: Neuron
    retention: Retention
    hold: Hold

    def leak_v_per_s(self, temperature_c: float) -> float:
        """How fast a weight droops at a temperature."""
        r = self.retention
        return float(r.leak_v_per_s * 2 ** ((temperature_c - r.leak_at_c) / r.leak_doubling_c))


def load_chip(path: Path) -> MlpFile:
    """The chip described by the file at path. Raises BoardError."""
    return load(path, MlpFile)
