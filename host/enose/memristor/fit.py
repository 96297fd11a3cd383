"""Parameters of a memristor model from a measured loop: least squares with bounds from several starts.

As paper 002, equation (7), the sum of the squared current differences is made least; besides the model's parameters
the state at the beginning, a series resistance and the offsets of voltage and current are free. The voltage over the
device is the measured one less its offset and what the *measured* current drops over the series resistance: an
explicit form, in which a misfit counts somewhat more, never less.

The paper gives its RMS error in percent without saying of what. Ours is of the measured current's RMS about its fitted
offset; in percent of the peak-to-peak current it is a third of that or less, and given beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import t as student

from enose.memristor.freedom import NUISANCE, OFFSET_A, Fixed, Free, freedom
from enose.memristor.measured import Floats, MeasuredLoop
from enose.recordings.specimen import RecordingsError
from enose_hwsim.memristors.models import MODELS
from enose_hwsim.memristors.waveform import waveform

GUESSES = 1000  # random ones for each set of exponents; the best of them are refined
SUBSTEPS = 2
DIFFERENCE = 1e-6  # of a parameter's whole range, for the gradient
MOST_STEPS = 60
CONFIDENCE = 0.95
AT_BOUND = 1e-3  # of the range

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Estimate:
    """A parameter with its 95 % interval, clipped to its bounds. Not identifiable: the interval is wider than they."""

    name: str
    value: float
    low: float
    high: float
    identifiable: bool
    at_bound: bool
    nuisance: bool


@dataclass(frozen=True)
class Fitted:
    """One model at its best. `current_a` (T,) is as it would have been measured, offset included."""

    model: str
    title: str
    rms_error_percent: float  # of the RMS of the measured current about its offset
    span_error_percent: float  # the same RMS error, of the peak-to-peak current
    estimates: tuple[Estimate, ...]
    fixed: Fixed
    current_a: Floats
    state_x: Floats
    starts_percent: tuple[float, ...]  # where each start ended, best first

    @property
    def conditional_on(self) -> tuple[str, ...]:
        """The nuisance parameters that ended at a bound: all intervals hold only for these values of them."""
        return tuple(one.name for one in self.estimates if one.nuisance and one.at_bound)


def fit(
    model: str,
    loop: MeasuredLoop,
    starts: int = 6,
    seed: int = 1,
    on_progress: Progress = lambda text, done, total: None,
) -> Fitted:
    """Fit one of the models (a name in MODELS) to a loop; the same seed gives the same fit.

    The intervals come from the Jacobian at the best fit, as if the misfit were independent noise: with a model that
    does not fit they are too narrow, and with a nuisance parameter at its bound they hold for that value only
    (`conditional_on`). Raises RecordingsError, naming the row, for a voltage beyond the model's limit.
    """
    limit_v = MODELS[model]().limit_v
    if beyond := loop.line_beyond(limit_v):
        raise RecordingsError(f"{beyond}, reachable by {model} are {-limit_v:g} to {limit_v:g} V")
    free, variants = freedom(model, loop)
    rng = np.random.default_rng(seed)
    begun = _guesses(model, loop, free, variants, starts, rng)
    ended = []
    for k, (fixed, share) in enumerate(begun):
        on_progress(f"{MODELS[model].title}, start {k + 1}", k, len(begun))
        problem = _Problem(model, loop, free, fixed)
        found = least_squares(
            problem.misfit, share, problem.jacobian, bounds=(0, 1), xtol=1e-10, ftol=1e-10, max_nfev=MOST_STEPS
        )
        ended.append((float(found.cost), k, problem, np.asarray(found.x)))
    ended.sort(key=lambda end: end[:2])
    _, _, best, share = ended[0]
    return best.fitted(share, [cost for cost, *_ in ended])


def _guesses(
    model: str, loop: MeasuredLoop, free: list[Free], variants: list[Fixed], starts: int, rng: np.random.Generator
) -> list[tuple[Fixed, Floats]]:
    """The best of many random guesses, the same number of each set of exponents, the best sets first."""
    each = ceil(starts / len(variants))
    chosen: list[tuple[float, int, Fixed, Floats]] = []
    for fixed in variants:
        shares = rng.random((GUESSES, len(free)))
        misfit, _, _ = _Problem(model, loop, free, fixed).simulate(shares)
        costs = (misfit**2).sum(axis=0)
        chosen += [(float(costs[k]), len(chosen) + n, fixed, shares[k]) for n, k in enumerate(np.argsort(costs)[:each])]
    chosen.sort(key=lambda guess: guess[:2])
    return [(fixed, share) for _, _, fixed, share in chosen[:starts]]


class _Problem:
    """Misfits of one model with given exponents to one loop; parameters as shares of their bounds."""

    def __init__(self, model: str, loop: MeasuredLoop, free: list[Free], fixed: Fixed) -> None:
        self.model, self.loop, self.free, self.fixed = model, loop, free, fixed
        self._span_a = float(np.ptp(loop.i_a))
        self._at: Floats = np.full(len(free), np.nan)
        self._answer: tuple[Floats, Floats] = (np.empty(0), np.empty(0))

    def misfit(self, share: Floats) -> Floats:
        """Current differences (T,), in parts of the peak-to-peak current."""
        return self._both(share)[0]

    def jacobian(self, share: Floats) -> Floats:
        """Their derivatives (T, P)."""
        return self._both(share)[1]

    def simulate(self, shares: Floats) -> tuple[Floats, Floats, Floats]:
        """Misfits, currents and states (T, B) for B sets of parameters (B, P) at once."""
        values: dict[str, Any] = {free.name: free.value(share) for free, share in zip(self.free, shares.T, strict=True)}
        start_x, series_ohm, offset_v, offset_a = (values.pop(name) for name in NUISANCE)
        values |= self.fixed | {"limit_v": np.inf}  # the loop itself is within the limit
        device = MODELS[self.model](**values)
        device_a = self.loop.i_a[:, None] - offset_a
        device_v = self.loop.v_v[:, None] - offset_v - series_ohm * device_a
        states, currents_a = waveform(device, self.loop.times_s, device_v, start_x, SUBSTEPS)
        return (currents_a - device_a) / self._span_a, currents_a + offset_a, states

    def _both(self, share: Floats) -> tuple[Floats, Floats]:
        """Misfit and Jacobian from one batch: the guess, and each parameter moved a little, away from the bound."""
        if not np.array_equal(share, self._at):
            moves = np.where(share > 0.5, -DIFFERENCE, DIFFERENCE)
            misfits, _, _ = self.simulate(np.vstack((share, share + np.diag(moves))))
            self._at = share.copy()
            self._answer = misfits[:, 0], (misfits[:, 1:] - misfits[:, :1]) / moves
        return self._answer

    def fitted(self, share: Floats, costs: list[float]) -> Fitted:
        """The answer at the best shares."""
        misfit, jacobian = self._both(share)
        _, currents_a, states = self.simulate(share[None])
        estimates = _estimates(self.free, share, misfit, jacobian)
        offset_a = next(estimate.value for estimate in estimates if estimate.name == OFFSET_A)
        rms_a = float(np.sqrt(np.mean((self.loop.i_a - offset_a) ** 2)))
        # least_squares counts half the sum of squares; the misfit is in parts of the span.
        spans_percent = [100 * float(np.sqrt(2 * cost / len(misfit))) for cost in costs]
        to_rms = self._span_a / rms_a
        return Fitted(
            model=self.model,
            title=MODELS[self.model].title,
            rms_error_percent=spans_percent[0] * to_rms,
            span_error_percent=spans_percent[0],
            estimates=estimates,
            fixed=self.fixed,
            current_a=currents_a[:, 0],
            state_x=states[:, 0],
            starts_percent=tuple(percent * to_rms for percent in spans_percent),
        )


def _estimates(free: list[Free], share: Floats, misfit: Floats, jacobian: Floats) -> tuple[Estimate, ...]:
    """Values and intervals, from the covariance s^2 (J^T J)^-1 in shares of the bounds."""
    count, parameters = jacobian.shape
    variance = float(misfit @ misfit) / (count - parameters)
    _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
    with np.errstate(divide="ignore", invalid="ignore"):  # a direction without any effect has no end
        spread = np.sqrt(variance * (np.where(directions == 0, 0.0, directions / singular[:, None]) ** 2).sum(axis=0))
    half = float(student.ppf(0.5 + CONFIDENCE / 2, count - parameters)) * spread
    low, high = np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)
    return tuple(
        Estimate(
            name=parameter.name,
            value=float(parameter.value(share[k])),
            low=float(parameter.value(low[k])),
            high=float(parameter.value(high[k])),
            identifiable=bool(2 * half[k] < 1),
            at_bound=bool(min(share[k], 1 - share[k]) < AT_BOUND),
            nuisance=parameter.name in NUISANCE,
        )
        for k, parameter in enumerate(free)
    )
