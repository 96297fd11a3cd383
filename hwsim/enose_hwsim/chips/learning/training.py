"""Training on the chip itself, event by event: Vc's pulses, the leak between them, the board's part once a sample.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, section 3.2.1: each sample is held for 40 ms, Vc is high for 20 us
of them, the classes come in random order, and the weights are read out once a sample. What a pulse does is the
learner's matter: the fast twin, ngspice at rest with exact charges, or ngspice's full transient.

Two things are ours, for real multipliers have offsets. At zero error the currents of mismatched Gilbert multipliers are
as large as their signal, and would drive the weights to their limits. So now and then the board measures them: a round
of auto-zero samples, in which the teacher is the output that was just read, tells what each weight does by itself for
each training sample, the leak and the switches' charge included. Where the board writes the weights back after the
read-out, as it does against the leak anyway, it takes that away, and keeps the weights within their range. And Vc's
pulse, which is the learning rate, gets shorter while the net learns, whenever the weights are trimmed anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """How the board trains. `paper` is what the paper says, the defaults are ours."""

    hold_s: float = 0.040
    first_pulse_s: float = 10e-6
    last_pulse_s: float = 0.5e-6
    trim_epochs: int = 4  # an auto-zero round before every so many epochs; 0 for none
    read_step_v: float = 62.5e-6  # of the read-out: an ADS1115 at +-2.048 V

    @classmethod
    def paper(cls) -> "Rules":
        """No trim, and the same pulse throughout."""
        return cls(first_pulse_s=20e-6, last_pulse_s=20e-6, trim_epochs=0)

    def pulse_s(self, epoch: int, epochs: int) -> float:
        """Vc's pulse in an epoch: from first to last in a geometric row, the same from one trim to the next."""
        since = epoch - epoch % self.trim_epochs if self.trim_epochs else epoch
        return float(self.first_pulse_s * (self.last_pulse_s / self.first_pulse_s) ** (since / max(epochs - 1, 1)))


class Learner(Protocol):
    """C chips as the board sees them."""

    def pulsed(
        self, inputs_v: Floats, teacher_v: Floats | None, weights_v: Floats, pulse_s: float
    ) -> tuple[Floats, Floats]:
        """A sample and a pulse of Vc: the outputs (C,) before, the weights (C, W) after, without a leak.

        Inputs are (C, I), teachers (C,), the outputs themselves for None, weights (C, W).
        """
        ...


class History(NamedTuple):
    """A training: after each of its T samples."""

    output_v: Floats  # (T, C) before the update
    teacher_v: Floats  # (T, C)
    weights_v: Floats  # (T, C, W) as read out
    pulse_s: Floats  # (T,)


def learn(
    chip: MlpFile,
    learner: Learner,
    inputs_v: Floats,
    teacher_v: Floats,
    order: NDArray[np.intp],
    weights_v: Floats,
    rules: Rules,
    leak_v_per_s: float,
    on_epoch: Callable[[], None] = lambda: None,
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
    leak_v = leak_v_per_s * rules.hold_s
    weights = weights_v.copy()
    trim_v = np.zeros((chips, samples, weights.shape[1]))
    outputs, teachers, read, pulses = [], [], [], []

    def shown(sample_v: Floats, wanted_v: Floats | None, pulse_s: float) -> tuple[Floats, Floats]:
        """The outputs, and how far the sample has moved the weights, as read out at its end."""
        output_v, after_v = learner.pulsed(sample_v, wanted_v, weights, pulse_s)
        moved_v = after_v - leak_v - weights
        return output_v, np.round(moved_v / rules.read_step_v) * rules.read_step_v

    for epoch in range(epochs):
        pulse_s = rules.pulse_s(epoch, epochs)
        if rules.trim_epochs and epoch % rules.trim_epochs == 0:
            trim_v = np.stack([shown(inputs_v[:, s], None, pulse_s)[1] for s in range(samples)], axis=1)
        for step in range(steps):
            sample = order[:, epoch, step]
            wanted_v = teacher_v[every, sample]
            output_v, moved_v = shown(inputs_v[every, sample], wanted_v, pulse_s)
            weights = np.clip(weights + moved_v - trim_v[every, sample], *limits)
            outputs.append(output_v)
            teachers.append(wanted_v)
            read.append(weights)
            pulses.append(pulse_s)
        on_epoch()
    return History(np.array(outputs), np.array(teachers), np.array(read), np.array(pulses))
