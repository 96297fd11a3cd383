"""The shares of a board's parts in the power that it takes, as a picture."""

from typing import Any

from enose.chips.pictures import Picture
from enose.power import Estimate


def picture(board: str, interval_s: float, made: Estimate) -> Picture:
    """Bars of mean power, on a logarithmic scale: the classifier's is four orders below the heaters'."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        names = list(made.parts_j)[::-1]
        mean_mw = [made.parts_j[name] / made.span_s * 1e3 for name in names]
        bars = axes.barh(names, mean_mw, color="#2b5fa8")
        axes.bar_label(bars, [f" {mw:.3g} mW" for mw in mean_mw])
        axes.set_xscale("log")
        axes.set_xlim(right=max(mean_mw) * 8)
        axes.set_xlabel("mean power in mW (estimated from data sheets)")
        axes.set_title(f"{board}, a measurement every {interval_s:g} s")

    return Picture("power", 4.0, draw)
