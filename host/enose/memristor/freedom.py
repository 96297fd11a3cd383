"""What a fit may vary in each model, within which bounds, and which whole-number exponents it tries."""

from dataclasses import dataclass

import numpy as np

from enose.memristor.measured import Floats, MeasuredLoop

FIT_STEP_V2 = 0.005**2  # A14mod's step in a fit: as wide as a sample of a 400 mV loop, or the threshold had no gradient
START, SERIES, OFFSET_V, OFFSET_A = "start_x", "series_ohm", "offset_v", "offset_a"
NUISANCE = (START, SERIES, OFFSET_V, OFFSET_A)  # not the model's: how the loop began and how it was measured
# Each way, of the span. Ours: an instrument is off by millivolts, a percent or so, and this is ten times as much.
# Wider, and a model that conducts alike in both directions would explain a rectifying loop by moving its zero. One that
# ends at this bound has tried to: its other parameters are those of a loop moved as far as it is let.
OFFSET_SHARE = 0.1

Fixed = dict[str, float]


@dataclass(frozen=True)
class Free:
    """One parameter: its bounds, and whether it is of unknown order of magnitude (then its logarithm is varied)."""

    name: str
    low: float
    high: float
    logarithmic: bool = True

    def value(self, share: Floats) -> Floats:
        """From 0..1 to low..high."""
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


def freedom(model: str, loop: MeasuredLoop) -> tuple[list[Free], list[Fixed]]:
    """A model's free parameters, the nuisance ones last, and the sets of exponents to try."""
    typical_ohm, span_v, span_a = loop.typical_ohm, float(np.ptp(loop.v_v)), float(np.ptp(loop.i_a))
    border_ohm = 1.5 * typical_ohm  # between the two: R_on stays below R_off whatever the fit tries
    on, off = Free("r_on_ohm", 1e-6 * border_ohm, border_ohm), Free("r_off_ohm", border_ohm, 1e3 * border_ohm)
    nuisance = [
        Free(START, 0.001, 0.999, logarithmic=False),
        Free(SERIES, 0.0, 0.5 * typical_ohm, logarithmic=False),
        Free(OFFSET_V, -OFFSET_SHARE * span_v, OFFSET_SHARE * span_v, logarithmic=False),
        Free(OFFSET_A, -OFFSET_SHARE * span_a, OFFSET_SHARE * span_a, logarithmic=False),
    ]
    charge_c = span_a * (loop.times_s[-1] - loop.times_s[0])
    drift = [Free("k_per_c", 1e-3 / charge_c, 1e5 / charge_c), on, off]
    per_volt = 20 / span_v
    own: dict[str, tuple[list[Free], list[Fixed]]] = {
        "strukov": (drift, [{}]),
        "joglekar": (drift, [{"p": p} for p in (1, 2, 5, 10)]),
        "biolek": (drift, [{"p": p} for p in (1, 2, 5, 10)]),
        "lehtonen": (
            [
                Free("a_per_s", 1e-1, 1e10),
                Free("alpha_per_v", 0.01 * per_volt, per_volt),
                Free("beta_a", 1e-4 * span_a, 1e3 * span_a),
                Free("gamma_per_v", 0.01 * per_volt, per_volt),
                Free("chi_a", 1e-6 * span_a, 1e2 * span_a),
            ],
            [{"m": m, "n": n, "p": 2} for m in (1, 3, 5) for n in (1, 2, 4)],
        ),
        "a14mod": (
            [
                Free("k_per_s", 1e1, 1e12),
                on,
                off,
                Free("threshold_v", 0.0, 0.5 * span_v, logarithmic=False),
            ],
            [{"m": m, "step_v2": FIT_STEP_V2} for m in (1, 3, 5, 7)],
        ),
    }
    free, fixed = own[model]
    return [*free, *nuisance], fixed
