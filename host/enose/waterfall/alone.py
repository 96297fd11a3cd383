"""Every non-ideality by itself: what it does to the nominal chip with unrounded weights and inputs at 27 C.

Where it is random it is drawn anew for each of some draws, and the mean over these counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.waterfall.chips import MismatchedChips, nominal_chip
from enose.waterfall.trial import Trial
from enose_hwsim.board.parts.ads1115 import NOISE_COUNTS
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import Chip

Outputs = NDArray[np.floating]

DRAWS = 20  # of noise
DROOPS_V = (0.5e-3, 1e-3)  # at the end of a refresh period; 1 mV is what mlp441's chip file tolerates
TEMPERATURES_C = (0.0, 25.0, 50.0)
INPUT_NOISE_V = 4e-4  # RMS: ADC and DAC steps and the noise of the sensors' readings, as training assumes it
OUTPUT_COUNT_V = 62.5e-6  # ADS1115 at +-2.048 V (Texas Instruments SBAS444, table 3)
OUTPUT_READINGS = 4  # that the firmware takes the mean of (enose_device/cycle.py)


@dataclass(frozen=True)
class Alone:
    """One non-ideality: its outputs (D, S) or (D, S, O) for a trial, one set a draw; None: this chip has it not."""

    name: str
    words: str
    outputs_v: Callable[[Trial], Outputs] | None


class NonIdealities:
    """All of them for one chip file, the random ones from one seed."""

    def __init__(
        self, chip: AnyChip, mismatched: MismatchedChips, seed: int, telling: Callable[[str], None] = lambda text: None
    ) -> None:
        """Open the chips that they need; the tables of a new temperature take some seconds of ngspice."""
        self.chip, self._mismatched, self._seed = chip, mismatched, seed
        self.nominal = nominal_chip(chip, telling=telling)
        self._at = {c: nominal_chip(chip, c, telling) for c in TEMPERATURES_C}

    def clean_v(self, trial: Trial, chip: Chip | None = None) -> Outputs:
        """What all are compared with: (S,) or (S, O) of the nominal chip without any of them."""
        return (chip or self.nominal).output_v(trial.exact_v, trial.exact_held)

    def every(self) -> list[Alone]:
        """In the order in which a report lists them."""
        drifts = [
            Alone(f"droop_{v * 1e3:g}_mv", f"every weight drooped by {v * 1e3:g} mV", self._droop(v)) for v in DROOPS_V
        ]
        warmths = [Alone(f"temperature_{c:g}_c", f"chip at {c:g} C", self._warm(at)) for c, at in self._at.items()]
        return [
            Alone("mismatch", f"mismatch, mean of {self._mismatched.count} chips", self._mismatch),
            Alone("quantisation", "ADC counts, integers and DAC codes", self._quantised),
            *drifts,
            *warmths,
            Alone("input_noise", f"{INPUT_NOISE_V * 1e3:g} mV RMS at every input", self._input_noise),
            Alone("output_adc", f"output ADC: noise and counts, mean of {OUTPUT_READINGS} readings", self._output_adc),
        ]

    def _warm(self, at: Chip) -> Callable[[Trial], Outputs]:
        return lambda trial: self.clean_v(trial, at)[None]

    def _mismatch(self, trial: Trial) -> Outputs:
        return self._mismatched.output_v(trial.exact_v, trial.exact_held)

    def _quantised(self, trial: Trial) -> Outputs:
        return self.nominal.output_v(trial.driven_v, trial.written)[None]

    def _droop(self, droop_v: float) -> Callable[[Trial], Outputs] | None:
        if self.chip.kind == "memristor":
            return None  # a memristance is not held by a charge
        low_v = self.chip.synapse.weight_min_v  # below it the synapse is saturated: the models refuse it

        def outputs_v(trial: Trial) -> Outputs:
            return self.nominal.output_v(trial.exact_v, np.maximum(trial.exact_held - droop_v, low_v))[None]

        return outputs_v

    def _input_noise(self, trial: Trial) -> Outputs:
        rng = np.random.default_rng([self._seed, 0x11])
        limits = self.chip.input
        noise_v = INPUT_NOISE_V * rng.standard_normal((DRAWS, *trial.exact_v.shape))
        inputs_v = np.clip(trial.exact_v + noise_v, limits.min_v, limits.max_v).reshape(-1, trial.exact_v.shape[-1])
        output_v = self.nominal.output_v(inputs_v, trial.exact_held)
        return output_v.reshape(DRAWS, len(trial.exact_v), *output_v.shape[1:])

    def _output_adc(self, trial: Trial) -> Outputs:
        rng = np.random.default_rng([self._seed, 0x0A])
        clean = np.asarray(self.clean_v(trial)) / OUTPUT_COUNT_V
        noise = NOISE_COUNTS * rng.standard_normal((OUTPUT_READINGS, DRAWS, *clean.shape))
        return np.asarray(np.rint(clean + noise).mean(axis=0) * OUTPUT_COUNT_V)
