"""The trainings as pictures, after figures 13 and 14 of paper 003: the output against the teacher, and the weights."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.learning.training import History, Rules

CLASS_COLOURS = ("#c58b00", "#2f7d32", "#b03a5b", "#2b5fa8")
LINES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))  # by the input


def draw(chip: MlpFile, history: History, path: Path) -> None:
    """Write the picture of one training as PNG or SVG, by the path's ending. Raises OSError."""
    at_s = (1 + np.arange(len(history.output_v))) * Rules().hold_s
    figure = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(figure)
    whole, end, weights = figure.subplot_mosaic([["whole", "end"], ["weights", "weights"]]).values()
    levels_v = np.unique(history.teacher_v)[::-1]
    for axes, part, title in (
        (whole, slice(None), "output during training, by the class taught"),
        (end, slice(-48, None), "its last four epochs"),
    ):
        axes.plot(at_s[part], history.output_v[part], color="0.75", linewidth=0.5 if part.start else 0.0)
        for level_v, colour in zip(levels_v, CLASS_COLOURS, strict=False):
            taught = history.teacher_v[part] == level_v
            axes.plot(at_s[part][taught], history.output_v[part][taught], ".", color=colour, alpha=0.7,
                      markersize=6 if part.start else 2, label=f"teacher {level_v:g} V")  # fmt: skip
            axes.axhline(level_v, color=colour, linewidth=0.8)
        for edge_v in chip.decision.edges_v:
            axes.axhline(edge_v, color="0.3", linewidth=0.8, linestyle="--")
        axes.set(xlabel="time on the chip, s", ylabel="output, V")
        axes.set_title(title, size=10)
    end.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    topology = chip.topology
    first = topology.hidden * (topology.inputs + 1)
    for k in range(topology.weights):
        j, i = divmod(k, topology.inputs + 1) if k < first else (0, k - first)
        name = f"Hw{j + 1}{i + 1}" if k < first else f"Ow1{i + 1}"
        colour, style = f"C{j if k < first else 4}", LINES[i]
        weights.plot(at_s, history.weights_v[:, k], linewidth=0.9, label=name, color=colour, linestyle=style)
    weights.set(xlabel="time on the chip, s", ylabel="weight voltage, V")
    weights.set_title("the weights, as read out once a sample: a colour for each neuron, the last of its row the bias",
                      size=10)  # fmt: skip
    weights.legend(frameon=False, ncols=1, fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.suptitle(f"{chip.name}: learning by its own circuits (simulated)", size=11)
    figure.savefig(path, dpi=130)
