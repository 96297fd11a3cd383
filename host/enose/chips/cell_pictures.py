"""Pictures of a chip's cells: transfer curves on their equations, noise, droop of the weights, supply power."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from enose.chips.pictures import TEMPERATURE_COLOURS, Picture
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.curves import CellCurves

DROOP_TEMPERATURES_C = (0.0, 25.0, 40.0, 60.0)
DROOP_S = (1e-3, 10.0)
WEIGHT_COLOURS = ("#7a1f5c", "#c0504d", "#7f7f7f", "#4f81bd", "#1f3f7a")


def transfer_picture(chip: MlpFile, curves: Sequence[CellCurves]) -> Picture:
    """Synapse and neuron over their equations at each temperature, and below by how much they miss them."""
    return Picture("transfer", 6.2, partial(_draw_transfer, chip=chip, curves=curves))


def noise_picture(chip: MlpFile, curves: Sequence[CellCurves]) -> Picture:
    """Noise densities of synapse and neuron, referred to their inputs."""
    return Picture("noise", 3.9, partial(_draw_noise, chip=chip, curves=curves))


def droop_picture(chip: MlpFile) -> Picture:
    """How far a weight has drooped over time, by the chip file, and when that is more than the chip tolerates."""
    return Picture("droop", 3.9, partial(_draw_droop, chip=chip))


def power_picture(chip: MlpFile, power_mw: dict[str, float], temperature_c: float) -> Picture:
    """The supply power by parts."""
    return Picture("power", 3.6, partial(_draw_power, chip=chip, power_mw=power_mw, temperature_c=temperature_c))


def _draw_transfer(figure: Any, chip: MlpFile, curves: Sequence[CellCurves]) -> None:
    axes = figure.subplots(2, len(curves) + 1, sharex="col", height_ratios=[1.6, 1], squeeze=False)
    figure.suptitle(f"{chip.name} in ngspice (simulated): lines; the cells' equations: dashes", size=11)
    full_na = max(float(np.abs(curve.synapse_a).max()) for curve in curves) * 1e9
    off_percent = max(float(np.abs(_synapse_off(curve)).max()) for curve in curves)
    for k, curve in enumerate(curves):
        upper, lower = axes[:, k]
        input_v = curve.input_v
        for w, (measured_a, equation_a, off) in enumerate(
            zip(curve.synapse_a, curve.synapse_equation_a, _synapse_off(curve), strict=True)
        ):
            colour = WEIGHT_COLOURS[w % len(WEIGHT_COLOURS)]
            upper.plot(input_v, measured_a * 1e9, color=colour, label=f"{curve.weight_v[w]:.1f} V")
            upper.plot(input_v, equation_a * 1e9, color="black", linewidth=0.8, linestyle="--")
            lower.plot(input_v, off, color=colour)
        upper.set_ylim(-1.08 * full_na, 1.6 * full_na)  # room for the legend
        lower.set(xlabel="input, V", ylim=(-1.1 * off_percent, 1.1 * off_percent))
        upper.set_title(f"synapse, {curve.temperature_c:g} C", size=10)
    axes[0, 0].set_ylabel("current, nA")
    axes[1, 0].set_ylabel("deviation, % of full current")
    axes[0, 0].legend(title="weight voltage", fontsize=8, title_fontsize=8, loc="upper center", ncols=3,
                      frameon=False, handlelength=1.2, columnspacing=1.0)  # fmt: skip
    upper, lower = axes[:, -1]
    for curve, colour in zip(curves, TEMPERATURE_COLOURS, strict=False):
        upper.plot(curve.node_v, curve.neuron_v, color=colour, label=f"{curve.temperature_c:g} C")
        upper.plot(curve.node_v, curve.neuron_equation_v, color=colour, linewidth=0.8, linestyle="--")
        lower.plot(curve.node_v, (curve.neuron_v - curve.neuron_equation_v) * 1e3, color=colour)
    upper.set(ylabel="output, V")
    upper.set_title("neuron", size=10)
    upper.legend(fontsize=8, frameon=False)
    lower.set(xlabel="summing node, V", ylabel="deviation, mV")
    for one in axes.flat:
        one.grid(alpha=0.25, linewidth=0.5)
    for one in axes[1]:
        one.axhline(0, color="0.4", linewidth=0.8)


def _synapse_off(curve: CellCurves) -> Any:
    return 100 * (curve.synapse_a - curve.synapse_equation_a) / curve.full_a


def _draw_noise(figure: Any, chip: MlpFile, curves: Sequence[CellCurves]) -> None:
    axes = figure.subplots(1, 2, sharey=True)
    figure.suptitle(f"{chip.name} in ngspice (simulated): noise referred to the input", size=11)
    low_hz, high_hz = curves[0].frequency_hz[[0, -1]]
    for one, name, title in (
        (axes[0], "synapse_noise", "synapse at full weight, on its converter"),
        (axes[1], "neuron_noise", "neuron, at its summing node"),
    ):
        for curve, colour in zip(curves, TEMPERATURE_COLOURS, strict=False):
            density = getattr(curve, name)
            total_v = float(np.sqrt(np.trapezoid(density**2, curve.frequency_hz)))
            label = f"{curve.temperature_c:g} C, {total_v * 1e6:.3g} µV RMS"
            one.loglog(curve.frequency_hz, density * 1e9, color=colour, label=label)
        one.set(xlabel="frequency, Hz", xlim=(low_hz, high_hz))
        one.set_title(f"{title}; RMS over {low_hz:g} Hz .. {high_hz / 1e3:g} kHz", size=10)
        one.grid(alpha=0.25, linewidth=0.5, which="both")
        one.legend(fontsize=8, frameon=False)
    axes[0].set_ylabel("density, nV/√Hz")


def _draw_droop(figure: Any, chip: MlpFile) -> None:
    axes = figure.subplots()
    time_s = np.geomspace(*DROOP_S, 200)
    tolerated_mv = chip.retention.droop_max_v * 1e3
    most_mv = (chip.synapse.weight_max_v - chip.synapse.weight_min_v) * 1e3
    for temperature_c, colour in zip(DROOP_TEMPERATURES_C, ("#2b5fa8", "#2f7d32", "#c58b00", "#b03a5b"), strict=True):
        leak_v_per_s = chip.leak_v_per_s(temperature_c)
        lasts_s = chip.retention.droop_max_v / leak_v_per_s
        label = f"{temperature_c:g} C: {leak_v_per_s * 1e3:.3g} mV/s, within the tolerance for {lasts_s * 1e3:.3g} ms"
        axes.loglog(time_s, leak_v_per_s * time_s * 1e3, color=colour, label=label)
        axes.plot([lasts_s], [tolerated_mv], "o", color=colour, markersize=5)
    axes.axhline(tolerated_mv, color="black", linewidth=0.9, linestyle="--")
    axes.text(DROOP_S[0] * 1.1, tolerated_mv * 1.15, f"tolerated: {tolerated_mv:g} mV", size=9)
    axes.set(xlabel="time since the weight was written, s", ylabel="droop, mV", xlim=DROOP_S, ylim=(1e-3, most_mv))
    axes.set_title(f"{chip.name}: droop of a weight, by the chip file's retention", size=11)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.legend(fontsize=8, loc="lower right")


def _draw_power(figure: Any, chip: MlpFile, power_mw: dict[str, float], temperature_c: float) -> None:
    axes = figure.subplots()
    parts = {part: 1e3 * mw for part, mw in power_mw.items() if part != "total"}
    bars = axes.barh(list(parts), list(parts.values()), color="#5b6b7b")
    axes.bar_label(bars, [f"{uw:.3g} µW" for uw in parts.values()], padding=4, size=9)
    axes.set(xlabel="supply power, µW", xlim=(0, 1.15 * max(parts.values())))
    axes.invert_yaxis()
    total_mw = power_mw["total"]
    axes.set_title(f"{chip.name} in ngspice (simulated) at {temperature_c:g} C: {total_mw:.3g} mW in all", size=11)
