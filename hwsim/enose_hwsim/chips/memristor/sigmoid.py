"""The MOS-memristor sigmoid's transfer, from ngspice: its transistors' curve for the fast twin, and its best logistic.

Paper 002, section 4 and equation 14. Every figure is of simulations.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar

from enose_hwsim.chips.memristor import netlist as circuit
from enose_hwsim.chips.memristor.equations import logistic
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

RELTOL = 1e-7
CLAMP_MAX_V = 0.7  # beyond what 0.8 V from an adder leaves over the transistors
CLAMP_STEP_V = 1e-3  # a cubic through the exponential of weak inversion errs by (step / 35 mV)^4 / 384, 2e-9
FIT_MAX_V = 0.5  # the range over which paper 002 compares
STEEPNESS_BOUNDS = (1.0, 10.0)
NEWTON_STEPS = 4  # from a start within a step of the table: the error squares each time, 1e-3 -> 1e-12 relative


@dataclass(frozen=True)
class Clamp:
    """The current of the two transistors over their voltage, and what it leaves of a voltage behind a resistor."""

    current_a: CubicSpline
    slope_s: CubicSpline
    grid_v: Floats

    def voltage_v(self, sum_v: Floats, series_ohm: Floats) -> Floats:
        """The clamped voltage c with c + R I(c) = S, elementwise. Raises ValueError beyond the transistors' table."""
        reach_v = CLAMP_MAX_V + series_ohm.min() * float(self.current_a(CLAMP_MAX_V))
        if not (np.abs(sum_v) < reach_v).all():  # so written that NaN is outside
            raise ValueError(f"adder at {np.abs(sum_v).max():g} V from the common node, expected below {reach_v:g} V")
        middle_ohm = float(np.mean(series_ohm))
        clamped_v = np.interp(sum_v, self.grid_v + middle_ohm * self.current_a(self.grid_v), self.grid_v)
        for _ in range(NEWTON_STEPS):
            excess_v = clamped_v + series_ohm * self.current_a(clamped_v) - sum_v
            clamped_v = clamped_v - excess_v / (1 + series_ohm * self.slope_s(clamped_v))
        return clamped_v


def clamp_of(network: Network, temperature_c: float) -> Clamp:
    """The transistors' curve at a temperature, from ngspice at the first call: a few milliseconds."""
    return _clamp(network.transistors, str(_clamp_bench(network, temperature_c)))


@lru_cache(maxsize=64)
def _clamp(transistors: int, netlist: str) -> Clamp:
    steps = round(CLAMP_MAX_V / CLAMP_STEP_V)
    grid_v: Floats = CLAMP_STEP_V * np.arange(-steps, steps + 1, dtype=np.float64)
    solution = Solver(netlist, RELTOL).solve({"vc": grid_v}, ["vc#branch"])
    spline = CubicSpline(grid_v, -solution["vc#branch"])
    return Clamp(spline, spline.derivative(), grid_v)


def _clamp_bench(network: Network, temperature_c: float) -> str:
    bench = circuit.bench(network, temperature_c)
    bench.V("c", "c", circuit.COMMON, "external")
    bench.X("clamp", "clamp", "c", circuit.COMMON)
    return str(bench)


def transfer_v(network: Network, sums_v: Floats, temperature_c: float = 27.0) -> Floats:
    """tf over S, from the common node: the sigmoid in ngspice, with series memristors, clamp and shifted buffer."""
    bench = circuit.bench(network, temperature_c)
    bench.V("s", "s0", circuit.COMMON, "external")
    circuit.add_sigmoid(bench, 0)
    series = next(block for block in network.blocks if block.name == "N1.U1")
    circuit.add_block(bench, series, "s0", "c0")
    return np.asarray(Solver(bench, RELTOL).solve({"vs": sums_v}, ["t0"])["t0"]) - network.common_v


@dataclass(frozen=True)
class Steepness:
    """The logistic nearest to a sigmoid over +-0.5 V, and how the sigmoid saturates."""

    best_per_v: float
    rms_v: float  # from that logistic, at 1 V of swing
    max_v: float
    low_v: float  # the sigmoid's output at -0.5 V and at 0.5 V
    high_v: float
    end_slope: float  # its slope at the ends, as a share of that in the middle


def steepness_of(network: Network, temperature_c: float = 27.0) -> Steepness:
    """The best k of 1 / (1 + exp(-k S)), by least squares over 201 points in +-0.5 V."""
    sums_v = np.linspace(-FIT_MAX_V, FIT_MAX_V, 201)
    tf_v = transfer_v(network, sums_v, temperature_c)

    def rms_v(steepness_per_v: float) -> float:
        return float(np.sqrt(np.mean((tf_v - logistic(steepness_per_v * sums_v)) ** 2)))

    best = minimize_scalar(rms_v, bounds=STEEPNESS_BOUNDS, method="bounded", options={"xatol": 1e-6})
    best_per_v = float(best.x)
    slope = np.gradient(tf_v, sums_v)
    return Steepness(
        best_per_v=best_per_v,
        rms_v=rms_v(best_per_v),
        max_v=float(np.abs(tf_v - logistic(best_per_v * sums_v)).max()),
        low_v=float(tf_v[0]),
        high_v=float(tf_v[-1]),
        end_slope=float((slope[0] + slope[-1]) / 2 / slope[len(slope) // 2]),
    )
