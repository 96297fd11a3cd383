"""Which chip it is: the threshold shifts that make the chip's twin answer as the chip did.

The unknowns are the shifts of all transistors, each with the normal distribution that chips are drawn from, so that
what the outputs do not tell stays at its likeliest. Their most probable values (maximum a posteriori) are found by
Gauss-Newton steps. The twin's slopes are at first those of the nominal chip, taken once for a set of probes; where they
do not lead near enough, those of the chip found so far. The noise assumed falls from step to step, so that the first
ones are not led astray by what is not linear.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose.calibration.calibration import Calibration, CalibrationError
from enose.calibration.probes import Probes
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

TURNS, STEPS = 4, 7  # slopes are taken, steps are made with them
STRIDE = 0.05  # in sigmas, of the difference quotients
FIRST_NOISE_V, NOISE_V = 3e-3, 3e-4  # ADC counts of 62.5 uV, the chip's noise, DAC codes, the droop between refreshes
AGAIN_NOISE_V = 1e-3
FALL = 2.5
ENOUGH_V = 1.5e-4  # RMS: below it the slopes were near enough
LIMIT = 5.0  # in sigmas: 3 of 10 million are farther out, and the twin refuses at 6
CHUNK = 100  # twins at a time: memory


class Identifier:
    """The slopes of one set of probes at one temperature, for any number of chips."""

    def __init__(
        self,
        chip: MlpFile,
        probes: Probes,
        temperature_c: float = 27.0,
        on_progress: Progress = lambda text, done, total: None,
    ) -> None:
        """Take the slopes: some seconds. Raises NotCertified, a ValueError, where the twin does."""
        self.chip, self.probes, self.temperature_c = chip, probes, temperature_c
        self._weights_v, self._inputs_v = probes.weights_v(chip), probes.inputs_v(chip)
        still = np.zeros(Shifts.count(chip.topology))
        self._nominal_v, self._slopes = self._linear_at(still, on_progress)

    def outputs_v(self, sigmas: Floats) -> Floats:
        """What twins with these shifts (C, P) answer to the probes, (C, readings)."""
        twin = TwinChip(self.chip, self.temperature_c, Shifts.from_sigmas(self.chip.topology, sigmas))
        each = [twin.program(w).output_v(x) for w, x in zip(self._weights_v, self._inputs_v, strict=True)]
        return np.concatenate(each, axis=1)

    def identify(self, outputs_v: ArrayLike, unit: str = "") -> Calibration:
        """The chip that answered the probes with these outputs, (K, n) in volts.

        Raises CalibrationError, naming the first of them, for outputs that are not numbers or of another shape, and
        where no twin comes near them.
        """
        read_v = np.asarray(outputs_v, dtype=np.float64)
        if read_v.shape != self.probes.inputs_uv.shape[:2]:
            raise CalibrationError(f"outputs of shape {read_v.shape}, expected {self.probes.inputs_uv.shape[:2]}")
        if not np.isfinite(read_v).all():
            at = tuple(int(k) for k in np.argwhere(~np.isfinite(read_v))[0])
            raise CalibrationError(f"output {list(at)} is {read_v[at]}, expected a voltage")
        wanted_v = read_v.ravel()
        sigmas, found_v, slopes, noise_v = np.zeros(self._slopes.shape[1]), self._nominal_v, self._slopes, FIRST_NOISE_V
        for turn in range(TURNS):
            if turn:
                found_v, slopes = self._linear_at(sigmas)
            for _ in range(STEPS):
                pull = slopes.T @ (wanted_v - found_v) / noise_v**2 - sigmas
                step = np.linalg.solve(slopes.T @ slopes / noise_v**2 + np.eye(len(sigmas)), pull)
                sigmas = np.clip(sigmas + step, -LIMIT, LIMIT)
                found_v = self.outputs_v(sigmas[None])[0]
                noise_v = max(noise_v / FALL, NOISE_V)
            if np.sqrt(np.mean((wanted_v - found_v) ** 2)) < ENOUGH_V:
                break
            noise_v = AGAIN_NOISE_V
        spread = np.asarray(np.linalg.inv(slopes.T @ slopes / NOISE_V**2 + np.eye(len(sigmas))), dtype=np.float64)
        return Calibration.judged(
            self.chip, self.temperature_c, unit, sigmas, spread, self.probes, wanted_v, found_v, self._nominal_v
        )

    def _linear_at(
        self, sigmas: Floats, on_progress: Progress = lambda text, done, total: None
    ) -> tuple[Floats, Floats]:
        """The outputs (R,) of the twin with these shifts, and their slopes (R, P) by the shifts."""
        outputs_v = self.outputs_v(sigmas[None])[0]
        slopes = np.empty((len(sigmas), len(outputs_v)))
        steps = np.where(sigmas > 0, -STRIDE, STRIDE)  # towards what the twin is certified for
        for at in range(0, len(sigmas), CHUNK):
            on_progress("taking the slopes", at, len(sigmas))
            some = slice(at, at + CHUNK)
            slopes[some] = (self.outputs_v(sigmas + np.diag(steps)[some]) - outputs_v) / steps[some, None]
        on_progress("taking the slopes", len(sigmas), len(sigmas))
        return outputs_v, slopes.T


def identify(chip: MlpFile, probes: Probes, outputs_v: ArrayLike, temperature_c: float = 27.0) -> Calibration:
    """One chip from one set of probes; see Identifier, which does several for the price of one."""
    return Identifier(chip, probes, temperature_c).identify(outputs_v)
