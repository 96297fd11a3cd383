"""The report's figures as SVG in the page: ink in the page's own colour, words for who does not see them."""

import io
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from enose.chips.pictures import Picture
from enose.report.gather import Findings
from enose.report.projections import Projection
from enose.waterfall.picture import alone_picture, steps_picture

INK = "#0a1b2c"  # stands for the page's own text colour, light or dark
WIDTH_IN = 9.0
COLOURS = ("#2b7fd8", "#d06a00", "#2f9d52", "#c0458a", "#8a63d2", "#8f8300")
MARKS = "osD^vP"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "enose", "text.parse_math": False, "font.size": 10,
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "axes.titlecolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.facecolor": "none", "figure.facecolor": "none",
    "legend.facecolor": "none", "legend.edgecolor": "none",
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A figure: SVG, its caption, and what it shows in words."""

    svg: str
    caption: str
    words: str


def figures(found: Findings) -> dict[str, Drawn]:
    """By name: steps, alone, projections, weights, and calibration where there is one."""
    pictures = {
        "steps": (steps_picture(found.waterfall), "Accuracy step by step", _steps_words(found.waterfall)),
        "alone": (alone_picture(found.waterfall), "Each non-ideality alone", _alone_words(found.waterfall)),
        "projections": (_projections(found.projections), "Specimens in two dimensions", _projection_words(found)),
        "weights": (_weights(found), f"Weights as the chip holds them, in {found.unit}", _weights_words(found)),
    }
    if found.calibration is not None:
        from enose.calibration.picture import picture

        pictures["calibration"] = (picture(found.calibration), "One chip, calibrated", _calibration_words(found))
    return {name: Drawn(_svg(name, one), caption, words) for name, (one, caption, words) in pictures.items()}


def _svg(name: str, picture: Picture) -> str:
    """The picture as an element of the page; ids are the figure's own."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    drawn = io.StringIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, picture.height_in), layout="constrained")
        FigureCanvasSVG(figure)
        picture.draw(figure)
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'width="100%" aria-hidden="true"', text, count=1)
    return text.replace(INK, "currentColor")


def _projections(found: list[Projection]) -> Picture:
    def draw(figure: Any) -> None:
        every = np.atleast_1d(figure.subplots(1, len(found)))
        for axes, one in zip(every, found, strict=True):
            of = np.array(one.labels)
            for k, name in enumerate(sorted(set(one.labels))):
                points = one.points[of == name]
                axes.plot(
                    *points.T, MARKS[k % len(MARKS)], ms=5, alpha=0.8, color=COLOURS[k % len(COLOURS)], label=name
                )
            first, second = one.share
            down = "place in the recordings" if second is None else f"axis 2 ({second:.0%} of what it explains)"
            axes.set(xlabel=f"axis 1 ({first:.0%} of what it explains)", ylabel=down, title=one.name)
            axes.spines[["top", "right"]].set_visible(False)
        every[0].legend(loc="best")

    return Picture("projections", 3.8, draw)


def _weights(found: Findings) -> Picture:
    """A row a neuron; a layer a map."""

    def draw(figure: Any) -> None:
        hidden, output = _layers(found)
        low, high = float(found.held.min()), float(found.held.max())
        first, last = figure.subplots(1, 2, width_ratios=(hidden.shape[1], output.shape[1]))
        inputs = [*found.network.sensors, "bias"]
        for axes, layer, names, title in (
            (first, hidden, inputs, "hidden neurons"),
            (last, output, [*(f"h{k + 1}" for k in range(len(hidden))), "bias"], "output"),
        ):
            map_ = axes.imshow(layer, cmap="PuOr", vmin=low, vmax=high, aspect="auto")
            axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
            axes.set_yticks(range(len(layer)), [f"{k + 1}" for k in range(len(layer))])
            axes.set_title(title)
            middle, half = (low + high) / 2, (high - low) / 2 or 1.0
            for row, column in np.ndindex(*layer.shape):
                strong = abs(layer[row, column] - middle) > 0.6 * half
                text = f"{layer[row, column]:.3g}"
                axes.text(column, row, text, ha="center", va="center", size=8, color="white" if strong else "black")
        figure.colorbar(map_, ax=[first, last], label=found.unit, shrink=0.9)

    return Picture("weights", 3.4, draw)


def _layers(found: Findings) -> tuple[np.ndarray, np.ndarray]:
    inputs = len(found.network.sensors)
    total = len(found.held)
    outputs = 1 if found.unit == "V" else 2
    hidden = (total - outputs) // (inputs + 1 + outputs)  # hidden * (inputs + 1) + outputs * (hidden + 1) = total
    split = hidden * (inputs + 1)
    return found.held[:split].reshape(hidden, inputs + 1), found.held[split:].reshape(outputs, hidden + 1)


def _steps_words(fall: dict[str, Any]) -> str:
    parts = [f"{row['words']} {row['accuracy']:.1%}" for row in fall["steps"]]
    return f"Bars of the share of specimens named rightly: {'; '.join(parts)}."


def _alone_words(fall: dict[str, Any]) -> str:
    return (
        "Change of accuracy by each alone: " + "; ".join(f"{r['words']}: {r['verdict']}" for r in fall["alone"]) + "."
    )


def _projection_words(found: Findings) -> str:
    parts = []
    for one in found.projections:
        near = ", ".join(f"{name} is nearest to {other}" for name, other in one.separation().items())
        parts.append(f"in the {one.name} {near}")
    return f"Scatter of {len(found.projections[0].labels)} specimens by class: {'; '.join(parts)}."


def _weights_words(found: Findings) -> str:
    held = found.held
    return (
        f"Heat map of {len(held)} weights from {held.min():.3g} to {held.max():.3g} {found.unit}; the table has each."
    )


def _calibration_words(found: Findings) -> str:
    known = found.calibration
    assert known is not None
    synapses = int(known.synapses_known.sum())
    return (
        f"Gain and zero of each synapse and slope of each neuron with their uncertainty: {synapses}"
        f" of {len(known.gain)} synapses and {int(known.neurons_known.sum())} of {len(known.slope)} neurons are known;"
        f" gains run from {known.gain.min():.2f} to {known.gain.max():.2f} of the nominal chip's."
    )
