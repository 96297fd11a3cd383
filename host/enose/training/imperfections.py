"""What training meets besides the specimens: the imperfections of chip and board, drawn anew at each step.

Mismatch and temperature are other chips: a number of them is drawn before, with their own transistor curves, and each
step goes through one of them. The twin is certified up to 6 sigmas of mismatch and from 0 to 60 C.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from enose.training.circuit import Circuit
from enose.training.mlp_circuit import MlpCircuit
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.smooth import SmoothChips
from enose_hwsim.chips.twin.twin import TwinChip

INPUT_NOISE_V = 0.0004  # ADC and DAC steps, noise of the sensors' readings
CHIPS = 64  # 16, 64 or 256 of 1 sigma: 91.6, 92.3 or 93.8 % right on chips never seen; 256 take seconds to draw


@dataclass(frozen=True)
class Imperfections:
    """What each step draws; chips is empty for the nominal chip alone."""

    input_noise_v: float = INPUT_NOISE_V
    input_step_v: float = 0.0  # of the converter: inputs are rounded to it
    weight_step: float = 0.0  # in weights; rounded forward, straight through backward (arXiv:1308.3432)
    droop: float = 0.0  # in weights: each lies anywhere between its own and this more
    chips: tuple[Circuit, ...] = ()

    @classmethod
    def of(cls, circuit: Circuit, chips: Sequence[Circuit] = ()) -> "Imperfections":
        """Those of a circuit: its droop, and no rounding."""
        return cls(droop=circuit.droop, chips=tuple(chips))


def draw_chips(
    chip: MlpFile, mismatch_sigmas: float, temperatures_c: Sequence[float], rng: np.random.Generator, count: int = CHIPS
) -> tuple[MlpCircuit, ...]:
    """So many mismatched chips in all, alike many at each temperature; shifts of so many times Pelgrom's sigma.

    The first use of a temperature takes its tables from ngspice, some seconds. Raises ValueError, as TwinChip does, for
    temperature and shifts beyond its certificate.
    """
    found: list[MlpCircuit] = []
    for temperature_c in temperatures_c:
        drawn = Shifts.draw(chip.topology, -(-count // len(temperatures_c)), rng)
        shifts = Shifts(*(mismatch_sigmas * getattr(drawn, field.name) for field in fields(drawn)))
        cells = SmoothChips.of(TwinChip(chip, temperature_c, shifts))
        found += [MlpCircuit(chip, cells, which) for which in range(len(cells))]
    return tuple(found)
