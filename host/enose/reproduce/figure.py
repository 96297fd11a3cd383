"""The trainings as pictures, after figures 13 and 14 of paper 003: the output against the teacher, and the weights."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.learning.training import History, Rules


def draw(chip: MlpFile, history: History, path: Path) -> None:
    """Write the picture of one training as PNG or SVG, by the path's ending. Raises OSError."""
    at_s = (1 + np.arange(len(history.output_v))) * Rules().hold_s
    figure = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(figure)
    whole, end, weights = figure.subplot_mosaic([["whole", "end"], ["weights", "weights"]]).values()
    few = slice(-48, None)
    for axes, part, title in ((whole, slice(None), "output during training"), (end, few, "its last four epochs")):
        axes.plot(at_s[part], history.output_v[part], color="#2b5fa8", linewidth=0.7, label="output")
        axes.plot(at_s[part], history.teacher_v[part], ".", color="#b03a5b", markersize=2.5, label="teacher")
        for edge_v in chip.decision.edges_v:
            axes.axhline(edge_v, color="0.5", linewidth=0.8, linestyle="--")
        axes.set(xlabel="time on the chip, s", ylabel="V")
        axes.set_title(title, size=10)
    whole.legend(frameon=False, ncols=2, loc="lower left")
    topology = chip.topology
    first = topology.hidden * (topology.inputs + 1)
    for k in range(topology.weights):
        j, i = divmod(k, topology.inputs + 1) if k < first else (0, k - first)
        name = f"Hw{j + 1}{i + 1}" if k < first else f"Ow1{i + 1}"
        weights.plot(at_s, history.weights_v[:, k], linewidth=0.8, label=name, linestyle="-" if k < first else "--")
    weights.set(xlabel="time on the chip, s", ylabel="weight voltage, V")
    weights.set_title("the 25 weights, as read out once a sample (last of each row: the bias)", size=10)
    weights.legend(frameon=False, ncols=1, fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.suptitle(f"{chip.name}: learning by its own circuits (simulated)", size=11)
    figure.savefig(path, dpi=130)
