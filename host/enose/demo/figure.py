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
    if report["decision"]["rule"] == "bands":
        _draw_bands(axes, report)
    else:
        _draw_plane(axes, report)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=len(report["classes"]), frameon=False)


def _draw_bands(axes: Any, report: dict[str, Any]) -> None:
    """One output: each specimen's over its number, the bands behind."""
    edges_v = report["decision"]["edges_v"]
    low_v, high_v = report["decision"]["range_v"]
    bounds_v = [low_v, *edges_v, high_v]
    for k, name in enumerate(report["class_order"]):
        if name:
            colour = _colour(report, name)
            axes.axhspan(bounds_v[k], bounds_v[k + 1], color=colour, alpha=0.10, linewidth=0)
            axes.text(0.995, (bounds_v[k] + bounds_v[k + 1]) / 2, name, ha="right", va="center",
                      transform=axes.get_yaxis_transform(), color=colour)  # fmt: skip
    for edge_v in edges_v:
        axes.axhline(edge_v, color="0.4", linewidth=0.8, linestyle="--")
    for name in report["classes"]:
        _dots(axes, report, name, [(n, v[0]) for n, v in _outputs_v(report, name)])
    axes.set(xlabel="held-out specimen", ylabel="chip output through the firmware, V", ylim=(low_v, high_v))
    axes.set_title("answers on the output's scale, with the decision edges", size=10)


def _draw_plane(axes: Any, report: dict[str, Any]) -> None:
    """Two outputs, one over the other, with the lines at which the answer changes."""
    rest_v = report["decision"]["rest_v"]
    dots = {name: [(v[0], v[1]) for _, v in _outputs_v(report, name)] for name in report["classes"]}
    every = [rest_v, *(v for points in dots.values() for point in points for v in point)]
    margin_v = 0.08 * (max(every) - min(every)) + 0.01
    low_v, high_v = min(every) - margin_v, max(every) + margin_v
    lines_v = (([rest_v, rest_v], [low_v, rest_v]), ([low_v, rest_v], [rest_v, rest_v]), ([rest_v, high_v],) * 2)
    for x_v, y_v in lines_v:
        axes.plot(x_v, y_v, color="0.4", linewidth=0.8, linestyle="--")
    corners = (("right", "bottom", 0.99, 0.01), ("left", "top", 0.01, 0.99), ("left", "bottom", 0.01, 0.01))
    for name, (across, up, x, y) in zip(report["class_order"], corners, strict=False):
        axes.text(x, y, name, ha=across, va=up, transform=axes.transAxes, color=_colour(report, name))
    for name, points in dots.items():
        _dots(axes, report, name, points)
    limits_v = {"xlim": (low_v, high_v), "ylim": (low_v, high_v)}
    axes.set(xlabel="output 1 through the firmware, V", ylabel="output 2 through the firmware, V", **limits_v)
    axes.set_title("the largest output, or else the resting level, decides", size=10)


def _colour(report: dict[str, Any], name: str) -> str:
    """A class's; grey where the folds have orders of their own, and so an answer is no one class."""
    classes = report["classes"]
    return COLOURS[classes.index(name) % len(COLOURS)] if name in classes else "0.5"


def _outputs_v(report: dict[str, Any], name: str) -> list[tuple[int, list[float]]]:
    """The outputs of a class's specimens that have any, with their places among all."""
    answers = enumerate(report["answers"])
    return [(n, a["outputs_v"]) for n, a in answers if a["label"] == name and any(a["outputs_v"])]


def _dots(axes: Any, report: dict[str, Any], name: str, points: list[tuple[float, float]]) -> None:
    if points:
        axes.plot(*zip(*points, strict=True), "o", markersize=5 if len(points) < 50 else 2.5,
                  color=_colour(report, name), label=f"{name} presented")  # fmt: skip


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
