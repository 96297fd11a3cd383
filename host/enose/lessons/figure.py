"""A session of on-chip learning as a picture: the errors epoch by epoch, and where the weights went."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from enose.image import write_whole


def draw(result: dict[str, Any], path: Path) -> None:
    """Write the picture as PNG or SVG, by the path's ending, whole or not at all. Raises OSError."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    errors, weights = figure.subplots(1, 2)
    _draw_errors(errors, result)
    _draw_weights(weights, result)
    board = "simulated board " if result["simulated"] else ""
    share, tested = result["accuracy"], ""
    if share["before"] is not None:
        tested = f"; {share['before']:.0%} of held-out specimens right before, {share['after']:.0%} after"
    figure.suptitle(f"on-chip learning, {result['recordings']}\n{board}{result['device']}{tested}", size=10)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix[1:].lower(), dpi=130)
    write_whole(path, drawn.getvalue())


def _draw_errors(axes: Any, result: dict[str, Any]) -> None:
    worst_mv = [1e3 * error["worst"] for error in result["errors_v"]]
    axes.plot(worst_mv, color="#b03a5b", label="mean of the three worst lessons")
    axes.plot([1e3 * error["mean"] for error in result["errors_v"]], color="#2b5fa8", label="mean of all lessons")
    best = result["best_epoch"]
    axes.plot([best], [worst_mv[best]], "o", color="#b03a5b", label=f"kept: epoch {best}")
    half_mv = 1e3 * result["half_band_v"]
    axes.axhline(half_mv, color="0.4", linewidth=0.8, linestyle="--")
    axes.annotate("half a band", (result["epochs_done"], half_mv), textcoords="offset points", xytext=(0, 3), size=8,
                  color="0.4", ha="right")  # fmt: skip
    axes.set(xlabel="epoch", ylabel="output against teacher, mV", ylim=(0, None))
    axes.set_title("errors, looked at without a pulse", size=10)
    axes.legend(frameon=False)


def _draw_weights(axes: Any, result: dict[str, Any]) -> None:
    epochs = sorted(int(epoch) for epoch in result["weights_v"])
    weights_v = np.array([result["weights_v"][str(epoch)] for epoch in epochs])
    axes.plot(epochs, weights_v, linewidth=0.8)
    axes.set(xlabel="epoch", ylabel="weight, V")
    axes.set_title(f"the {weights_v.shape[1]} weights as the device writes them back", size=10)
