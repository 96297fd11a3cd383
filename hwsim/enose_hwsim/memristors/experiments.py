"""What paper 002 does with its devices in a simulator, in ngspice: pulses until a memristance is reached, loops."""

from dataclasses import dataclass
from time import process_time

import numpy as np

from enose_hwsim.memristors.limits import Floats
from enose_hwsim.memristors.model import Memristor, Resistive
from enose_hwsim.memristors.netlist import driven_netlist, pulse_train_netlist
from enose_hwsim.memristors.waveform import loop_area_va
from enose_hwsim.spice.driver import Solver
from enose_hwsim.spice.errors import SpiceError

PULSE_S, EDGE_S, STEP_S = 1e-9, 1e-12, 20e-12  # 500 MHz, half of the time on, as in figures 4 and 5
GRID_S = 5e-12  # where the answers are read
LOOP_SAMPLES = 1000  # a period, as in the paper's equation (7)


@dataclass(frozen=True)
class Loop:
    """One period of a sine over a device: voltage in V, current in A, state, each (T,)."""

    frequency_hz: float
    v_v: Floats
    i_a: Floats
    x: Floats

    @property
    def area_va(self) -> float:
        """Both lobes, in V A."""
        return loop_area_va(self.v_v, self.i_a)


def on_time_s(model: Resistive, from_ohm: float, to_ohm: float, level_v: float, limit_s: float) -> float:
    """The on-time of pulses of 1 ns until a memristance is reached, counted from ngspice's own waveforms.

    Raises SpiceError if that takes longer than limit_s, pauses included, and ValueError for what the model excludes.
    """
    target_x = float(model.x_from_ohm(to_ohm))
    times_s = np.arange(0.0, limit_s, GRID_S)
    solver = Solver(pulse_train_netlist(model, from_ohm, level_v, PULSE_S, EDGE_S))
    found = solver.transient(times_s, {}, ("x", "drive"), STEP_S)
    way = (found["x"] - target_x) * np.sign(level_v)
    if way[-1] < 0:
        ohm = float(model.ohm_from_x(np.clip(found["x"][-1], 0, 1)))
        raise SpiceError(f"{to_ohm:g} ohm is not reached in {limit_s:g} s at {level_v:g} V, only {ohm:g} ohm")
    at = int(np.argmax(way >= 0))
    reached_s = float(np.interp(0.0, way[at - 1 : at + 1], times_s[at - 1 : at + 1]))
    until = np.append(times_s[:at], reached_s)
    level = np.interp(until, times_s, found["drive"]) / level_v
    return float(np.trapezoid(level, until))


def sine_loop(model: Memristor, amplitude_v: float, frequency_hz: float, start_ohm: float) -> Loop:
    """One period of a sine from a memristance on, by ngspice. Raises ValueError for what the model excludes."""
    times_s = np.linspace(0.0, 1 / frequency_hz, LOOP_SAMPLES + 1)
    v_v = model.driving(amplitude_v * np.sin(2 * np.pi * frequency_hz * times_s))
    solver = Solver(driven_netlist(model, float(model.x_from_ohm(start_ohm))))
    found = solver.transient(times_s, {"vdrive": v_v}, ("x", "vdrive#branch"), float(times_s[1]))
    return Loop(frequency_hz, v_v, -found["vdrive#branch"], found["x"])


def loop_cpu_s(model: Memristor, amplitude_v: float, period_s: float, start_x: float) -> float:
    """What one period of a sine costs ngspice in time of the processor, without loading the netlist."""
    times_s = np.linspace(0.0, period_s, LOOP_SAMPLES + 1)
    v_v = model.driving(amplitude_v * np.sin(2 * np.pi / period_s * times_s))
    solver = Solver(driven_netlist(model, start_x))
    begun_s = process_time()
    solver.transient(times_s, {"vdrive": v_v}, ("x",), float(times_s[1]))
    return process_time() - begun_s


def pulses_cpu_s(model: Memristor, start_ohm: float, level_v: float, duration_s: float) -> float:
    """What a train of pulses of 1 ns costs ngspice in time of the processor, without loading the netlist."""
    solver = Solver(pulse_train_netlist(model, start_ohm, level_v, PULSE_S, EDGE_S))
    begun_s = process_time()
    solver.transient((0.0, duration_s), {}, ("x",), STEP_S)
    return process_time() - begun_s
