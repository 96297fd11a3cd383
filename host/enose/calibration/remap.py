"""Weights for one particular chip: those with which it answers as the nominal chip would, or better.

`matched` asks for the nominal chip's outputs at given inputs: that needs no labels. `tuned` goes on from there to the
smallest loss on labelled specimens, through this chip's twin.
"""

import hashlib
import inspect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from enose.calibration.calibration import Calibration
from enose.mapping.volts import VoltMapping
from enose.training.readings import reading_of
from enose_contract.image import Image
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

STEP = 2e-3  # of a weight in -1..1, for difference quotients
MATCH_ROUNDS, TUNE_ROUNDS = 30, 60
MATCHED = 1e-4  # of the sum of squares: what another round may gain is far below an ADC count
HOLD = 1e-3  # how hard weights are held to where matching put them, as a loss by squared weight
MOST = 300  # samples are enough to match by: 12 to a weight


@dataclass(frozen=True)
class Remapped:
    """Weights in -1..1, and how far the chip's outputs are from those asked for, RMS in volts."""

    weights: Floats
    before_rms_v: float
    after_rms_v: float


class Remapper:
    """One chip's twin as a function of weights."""

    def __init__(self, chip: MlpFile, own: TwinChip, inputs_v: Floats) -> None:
        """own: the chip's twin, as Calibration.twin gives it; inputs_v (S, I): where its answers count."""
        self.chip, self._own, self._inputs_v = chip, own, inputs_v
        self._mapping = VoltMapping(chip)

    def output_v(self, weights: Floats) -> Floats:
        """Outputs (C, S) for sets of weights (C, W)."""
        return np.asarray(self._own.program(self._mapping.held(weights)).output_v(self._inputs_v))

    def _slopes(self, weights: Floats) -> tuple[Floats, Floats]:
        """Outputs (S,) and their slopes (S, W) by the weights."""
        steps = np.where(weights > 0, -STEP, STEP)  # inwards: no weight leaves its range
        every = self.output_v(np.vstack([weights, weights + np.diag(steps)]))
        return every[0], ((every[1:] - every[0]) / steps[:, None]).T

    def matched(self, weights: Floats, nominal: TwinChip) -> Remapped:
        """The weights with which this chip answers as the nominal one does with those given."""
        wanted_v = nominal.program(self._mapping.held(weights)).output_v(self._inputs_v)[0]
        start = np.clip(weights, -1 + 1e-9, 1 - 1e-9)
        found = least_squares(
            lambda w: (self.output_v(w[None])[0] - wanted_v) * 1e3,
            start,
            jac=lambda w: self._slopes(w)[1] * 1e3,
            bounds=(-1, 1),
            ftol=MATCHED,
            max_nfev=MATCH_ROUNDS,
        )
        before_v = self.output_v(np.asarray(weights)[None])[0] - wanted_v
        return Remapped(found.x, _rms(before_v), _rms(found.fun * 1e-3))

    def tuned(self, weights: Floats, bands: NDArray[np.int64], groups: int) -> Floats:
        """Weights near those given, with the smallest loss on samples that belong in these bands, (S,)."""
        reading = reading_of(self.chip, groups)
        v_ref_v = self.chip.synapse.v_ref_v
        shares = 1 / np.maximum(np.bincount(bands)[bands], 1)  # every class counts alike
        shares = shares / shares.sum()

        def loss(w: Floats) -> tuple[float, Floats]:
            output_v, slopes = self._slopes(w)
            above_v = (output_v - v_ref_v)[None].astype(np.float32)
            value = float(shares @ reading.loss(above_v, bands[None])[0]) + HOLD * float(np.sum((w - weights) ** 2))
            pull = shares * reading.slope(above_v, bands[None])[0]
            return value, pull @ slopes + 2 * HOLD * (w - weights)

        bounds = [(-1.0, 1.0)] * len(weights)
        found = minimize(
            loss, np.clip(weights, -1, 1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": TUNE_ROUNDS}
        )
        return np.asarray(np.clip(found.x, -1, 1))


def matched_pages(pages: Floats, known: Calibration, chip: MlpFile, seed: int) -> Remapped:
    """Every page's weights (P, W) made anew for the chip of that calibration, each by its own answers.

    The two RMS are over all pages together.
    """
    remapper = Remapper(chip, known.twin(chip), sample_inputs(chip, seed))
    found = [remapper.matched(weights, TwinChip(chip, known.temperature_c)) for weights in pages]
    before_v, after_v = (np.array([getattr(one, name) for one in found]) for name in ("before_rms_v", "after_rms_v"))
    return Remapped(np.array([one.weights for one in found]), _rms(before_v), _rms(after_v))


def remapped_image(nominal: Image, carried: NDArray[np.int64], known: Calibration) -> Image:
    """The image with these weights, for the chip of that calibration only."""
    weights = carried.tolist()
    identity = hashlib.sha256(repr((nominal.model, weights)).encode()).digest()[:8]
    fields = {name: getattr(nominal, name) for name in inspect.signature(Image).parameters}
    return Image(**fields | {"weights": weights, "calibration": known.identity, "model": identity})


def sample_inputs(chip: MlpFile, seed: int, count: int = MOST) -> Floats:
    """Inputs as normalised changes are: the largest of each sample at the top of the range. For want of recordings."""
    rng = np.random.default_rng([seed, 0x4D])
    share = rng.random((count, chip.topology.inputs))
    share /= share.max(axis=1, keepdims=True)
    return chip.input.min_v + (chip.input.max_v - chip.input.min_v) * share


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
