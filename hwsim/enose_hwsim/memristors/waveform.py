"""A memristor model under a voltage over time, in NumPy, and the area of the loop it draws."""

import numpy as np
from numpy.typing import ArrayLike

from enose_hwsim.memristors.limits import Floats
from enose_hwsim.memristors.model import Memristor


def waveform(
    model: Memristor, times_s: Floats, v_v: Floats, start_x: ArrayLike, substeps: int = 4
) -> tuple[Floats, Floats]:
    """States and currents (T, ...) of devices that begin at start_x (...); straight lines between the voltages.

    v_v is (T,), or (T, ...) for a voltage of its own for each device. Classical Runge-Kutta of fourth order in
    `substeps` equal steps a sample; the state is kept within 0..1. Raises ValueError for times that do not rise, for a
    voltage beyond the model's limit and for a state outside 0..1.
    """
    times = np.asarray(times_s, dtype=np.float64)
    if times.ndim != 1 or len(times) < 2 or not (np.diff(times) > 0).all() or len(v_v) != len(times):
        raise ValueError("expected two or more rising times, and a voltage for each")
    driving_v = model.driving(v_v)
    x = model.state(start_x) + np.zeros(driving_v.shape[1:])
    driving_v = driving_v.reshape(driving_v.shape + (1,) * (1 + x.ndim - driving_v.ndim))
    states = np.empty((len(times), *x.shape))
    states[0] = x
    for sample in range(len(times) - 1):
        step_s = (times[sample + 1] - times[sample]) / substeps
        from_v, rise_v = driving_v[sample], (driving_v[sample + 1] - driving_v[sample]) / substeps
        for step in range(substeps):
            x = _step(model, x, from_v + step * rise_v, rise_v, step_s)
        states[sample + 1] = x
    return states, model.conduct(driving_v, states)


def _step(model: Memristor, x: Floats, v_v: Floats, rise_v: Floats, step_s: float) -> Floats:
    first = model.flow(v_v, x)
    second = model.flow(v_v + rise_v / 2, _inside(x + step_s / 2 * first))
    third = model.flow(v_v + rise_v / 2, _inside(x + step_s / 2 * second))
    fourth = model.flow(v_v + rise_v, _inside(x + step_s * third))
    return _inside(x + step_s / 6 * (first + 2 * second + 2 * third + fourth))


def _inside(x: Floats) -> Floats:
    return np.minimum(np.maximum(x, 0.0), 1.0)


def loop_area_va(v_v: Floats, i_a: Floats) -> float:
    """The area of a pinched loop in V A, both lobes counted positive, of one closed period of samples (T,)."""
    closed_v, closed_a = np.append(v_v, v_v[0]), np.append(i_a, i_a[0])
    strips = (closed_a[1:] + closed_a[:-1]) / 2 * np.diff(closed_v)
    positive = closed_v[1:] + closed_v[:-1] > 0
    return float(abs(strips[positive].sum()) + abs(strips[~positive].sum()))
