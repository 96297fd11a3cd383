"""Training on the chip itself, event by event: Vc's pulses, the leak between them, the board's part once a sample.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, section 3.2.1: each sample is held for 40 ms, Vc is high for 20 us
of them, the classes come in random order, and the weights are read out once a sample. Within a pulse the network
follows its weights, and so the error shrinks while it is learnt from: a pulse is taken in parts, in each of which the
currents are those of the network at rest and a weight's capacitor goes from q(V) to q(V) + I t.

Two things are ours, for real multipliers have offsets. At zero error the currents of mismatched Gilbert multipliers are
as large as their signal, and would drive the weights to their limits. So now and then the board measures them: a round
of auto-zero samples, in which the teacher is the output that was just read, tells what each weight does by itself for
each training sample, leak included. Where the board writes the weights back after the read-out, as it does against the
leak anyway, it takes that away, and keeps the weights within their range. And Vc's pulse, which is the learning rate,
gets shorter while the net learns.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.learning.tables import CAP_V

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """How the board trains. `paper` is what the paper says, the defaults are ours."""

    hold_s: float = 0.040
    first_pulse_s: float = 10e-6
    last_pulse_s: float = 0.5e-6
    trim_epochs: int = 4  # an auto-zero round before every so many epochs; 0 for none
    part_s: float = 5e-6  # of a pulse: so long the currents are taken as constant
    read_step_v: float = 62.5e-6  # of the read-out: an ADS1115 at +-2.048 V
    jitter_v: float = 0.0  # standard deviation of what the board adds to the inputs, anew for each sample

    @classmethod
    def paper(cls) -> "Rules":
        """No trim, and the same pulse throughout."""
        return cls(first_pulse_s=20e-6, last_pulse_s=20e-6, trim_epochs=0)

    def pulse_s(self, epoch: int, epochs: int) -> float:
        """Vc's pulse in an epoch: from first to last in a geometric row."""
        return float(self.first_pulse_s * (self.last_pulse_s / self.first_pulse_s) ** (epoch / max(epochs - 1, 1)))


class Learner(Protocol):
    """C chips as the board sees them: what they answer, and what a pulse of Vc would let flow into their weights."""

    def respond(self, inputs_v: Floats, teacher_v: Floats | None, weights_v: Floats) -> tuple[Floats, Floats]:
        """Outputs (C, S) and currents (C, S, W); inputs (C, S, I), teachers (C, S), the outputs for None."""
        ...


class History(NamedTuple):
    """A training: after each of its T samples."""

    output_v: Floats  # (T, C) before the update
    teacher_v: Floats  # (T, C)
    weights_v: Floats  # (T, C, W) as read out
    pulse_s: Floats  # (T,)


class Capacitors:
    """The weights' capacitors: how far a charge moves their voltage, and how they leak."""

    def __init__(self, chip: MlpFile, capacitance_f: Floats, temperature_c: float) -> None:
        self._charge_c = np.concatenate(
            ([0.0], np.cumsum((capacitance_f[1:] + capacitance_f[:-1]) / 2 * np.diff(CAP_V)))
        )
        self.leak_v_per_s = chip.leak_v_per_s(temperature_c)

    def charged_v(self, weights_v: Floats, current_a: Floats, pulse_s: float) -> Floats:
        """The voltages after a pulse."""
        charge_c = np.interp(weights_v, CAP_V, self._charge_c) + current_a * pulse_s
        return np.asarray(np.interp(charge_c, self._charge_c, CAP_V))

    def held_v(self, weights_v: Floats, hold_s: float) -> Floats:
        """The voltages after a time of leaking."""
        return weights_v - self.leak_v_per_s * hold_s


def learn(
    chip: MlpFile,
    learner: Learner,
    capacitors: Capacitors,
    inputs_v: Floats,
    teacher_v: Floats,
    order: NDArray[np.intp],
    weights_v: Floats,
    rules: Rules,
    rng: np.random.Generator,
) -> History:
    """Train C chips: samples (C, S, I) with teachers (C, S) in an order (C, epochs, S), from weights (C, W) on.

    Raises ValueError for an order that names samples which do not exist.
    """
    chips, samples = teacher_v.shape
    if order.shape[0] != chips or order.min() < 0 or order.max() >= samples:
        raise ValueError(f"order of shape {order.shape}, expected {chips} chips' rows of samples 0..{samples - 1}")
    epochs, steps = order.shape[1:]
    limits = (chip.synapse.weight_min_v, chip.synapse.weight_max_v)
    every = np.arange(chips)
    weights = weights_v.copy()
    trim_v = np.zeros((chips, samples, weights.shape[1]))
    outputs, teachers, read, pulses = [], [], [], []
    for epoch in range(epochs):
        pulse_s = rules.pulse_s(epoch, epochs)
        if rules.trim_epochs and epoch % rules.trim_epochs == 0:
            trim_a = learner.respond(inputs_v, None, weights)[1]
        if rules.trim_epochs:
            held_v = weights[:, None]
            trim_v = _read_v(capacitors, held_v, capacitors.charged_v(held_v, trim_a, pulse_s), rules)
        for step in range(steps):
            sample = order[:, epoch, step]
            wanted_v = teacher_v[every, sample]
            shown_v = inputs_v[every, sample] + rules.jitter_v * rng.standard_normal((chips, inputs_v.shape[-1]))
            shown_v = np.clip(shown_v, chip.input.min_v, chip.input.max_v)[:, None]
            parts = int(np.ceil(pulse_s / rules.part_s))
            charged_v = weights
            answers_v = []
            for _ in range(parts):  # the network follows its weights within a pulse
                answer_v, current_a = learner.respond(shown_v, wanted_v[:, None], np.clip(charged_v, *limits))
                answers_v.append(answer_v[:, 0])
                charged_v = capacitors.charged_v(charged_v, current_a[:, 0], pulse_s / parts)
            change_v = _read_v(capacitors, weights, charged_v, rules) - trim_v[every, sample]
            weights = np.clip(weights + change_v, *limits)
            outputs.append(answers_v[0])
            teachers.append(wanted_v)
            read.append(weights)
            pulses.append(pulse_s)
    return History(np.array(outputs), np.array(teachers), np.array(read), np.array(pulses))


def _read_v(capacitors: Capacitors, before_v: Floats, charged_v: Floats, rules: Rules) -> Floats:
    """How far a sample has moved the weights, as read out at its end."""
    change_v = capacitors.held_v(charged_v, rules.hold_s) - before_v
    return np.asarray(np.round(change_v / rules.read_step_v) * rules.read_step_v)
