"""The picture of a fit: the measured loop with each model's over it, and below what each one leaves unexplained."""

from functools import partial
from typing import Any

from enose.chips.pictures import Picture
from enose.memristor.fit import Fitted
from enose.memristor.measured import MeasuredLoop

COLOURS = {"strukov": "#7a5195", "joglekar": "#2b5fa8", "biolek": "#2f7d32", "lehtonen": "#b03a5b", "a14mod": "#c58b00"}


def fit_picture(loop: MeasuredLoop, found: list[Fitted]) -> Picture:
    """Loops over one another, and the differences over the voltage."""
    return Picture("fit", 6.4, partial(_draw, loop=loop, found=found))


def _draw(figure: Any, loop: MeasuredLoop, found: list[Fitted]) -> None:
    unit, scale = _unit(float(abs(loop.i_a).max()))
    loops, rests = figure.subplots(1, 2, width_ratios=[1.3, 1])
    figure.suptitle(f"{loop.name}: measured, and models fitted to it (simulated)", size=11)
    loops.plot(loop.v_v, loop.i_a * scale, color="black", linewidth=4, alpha=0.25, label="measured")
    for one in sorted(found, key=lambda one: one.rms_error_percent):
        label = f"{one.title}: RMS error {one.rms_error_percent:.3g} %"
        loops.plot(loop.v_v, one.current_a * scale, color=COLOURS[one.model], linewidth=1.2, label=label)
        rests.plot(loop.v_v, (one.current_a - loop.i_a) * scale, color=COLOURS[one.model], linewidth=1.2)
    rests.axhline(0, color="black", linewidth=0.8)
    loops.set(xlabel="voltage over the device, V", ylabel=f"current, {unit}")
    rests.set(xlabel="voltage over the device, V", ylabel=f"model less measurement, {unit}")
    for axes in (loops, rests):
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    loops.legend(fontsize=8, loc="upper left", frameon=False)


def _unit(largest_a: float) -> tuple[str, float]:
    for unit, scale in (("nA", 1e9), ("µA", 1e6)):
        if largest_a * scale < 1000:
            return unit, scale
    return "mA", 1e3
