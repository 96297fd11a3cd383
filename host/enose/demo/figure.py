"""The demo as a picture: every held-out specimen's output on the chip's scale, and the accuracy step by step."""

import io
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from enose.image import write_whole

COLOURS = ("#c58b00", "#2f7d32", "#b03a5b", "#2b5fa8")
STAGES = ("float", "mapped", "quantised", "chip", "firmware")


def draw(report: dict[str, Any], path: Path) -> None:
    """Write the picture as PNG or SVG, by the path's ending, whole or not at all. Raises OSError."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    outputs, steps = figure.subplots(1, 2, width_ratios=[2.2, 1])
    _draw_outputs(outputs, report)
    _draw_steps(steps, report)
    simulated = "simulated recordings, " if report["simulated_recordings"] else ""
    figure.suptitle(
        f"{report['recordings']} — {simulated}simulated board {report['board']}, chip {report['chip']}", size=11
    )
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix[1:].lower(), dpi=130)
    write_whole(path, drawn.getvalue())


def _draw_outputs(axes: Any, report: dict[str, Any]) -> None:
    edges_v = report["decision"]["edges_v"]
    low_v, high_v = report["decision"]["range_v"]
    bounds_v = [low_v, *edges_v, high_v]
    order = report["class_order"]
    classes = report["classes"]
    for k, name in enumerate(order):
        if name:
            # where the folds have orders of their own, a band is no one class
            colour = COLOURS[classes.index(name) % len(COLOURS)] if name in classes else "0.5"
            axes.axhspan(bounds_v[k], bounds_v[k + 1], color=colour, alpha=0.10, linewidth=0)
            axes.text(0.995, (bounds_v[k] + bounds_v[k + 1]) / 2, name, ha="right", va="center",
                      transform=axes.get_yaxis_transform(), color=colour)  # fmt: skip
    for edge_v in edges_v:
        axes.axhline(edge_v, color="0.4", linewidth=0.8, linestyle="--")
    for k, name in enumerate(classes):
        points = [(n, a["output_v"]) for n, a in enumerate(report["answers"]) if a["label"] == name and a["output_v"]]
        if points:
            axes.plot(*zip(*points, strict=True), "o", markersize=5 if len(points) < 50 else 2.5,
                      color=COLOURS[k % len(COLOURS)], label=f"{name} presented")  # fmt: skip
    axes.set(xlabel="held-out specimen", ylabel="chip output through the firmware, V", ylim=(low_v, high_v))
    axes.set_title("answers on the output's scale, with the decision edges", size=10)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=len(classes), frameon=False)


def _draw_steps(axes: Any, report: dict[str, Any]) -> None:
    values = [report["accuracy"][stage] for stage in STAGES]
    bars = axes.bar(STAGES, values, color="#5b6b7b")
    low, high = report["accuracy_interval"]
    axes.errorbar(
        [len(STAGES) - 1], [values[-1]], yerr=[[values[-1] - low], [high - values[-1]]], color="black", capsize=4
    )
    axes.bar_label(bars, [f"{value:.1%}" for value in values], padding=2, size=9, label_type="center", color="white")
    axes.set(ylim=(0, 1.05), ylabel="accuracy on held-out specimens")
    axes.set_title("step by step, with the 95 % interval", size=10)
    axes.tick_params(axis="x", rotation=30)
