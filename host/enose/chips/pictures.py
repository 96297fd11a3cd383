"""Pictures of chips: a place to write to is checked before the work, and written to after it.

matplotlib is imported where a picture is written, and nowhere else.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SUFFIXES = (".png", ".svg")
WIDTH_IN = 12.0
DPI = 120
TEMPERATURE_COLOURS = ("#2b5fa8", "#2f7d32", "#b03a5b", "#c58b00")  # from cold to hot; the fourth for what is nominal


class PlotError(ValueError):
    """A place that no picture can be written to: one line with path and reason."""


@dataclass(frozen=True)
class Picture:
    """A picture, drawn into a figure of its own or into a part of one."""

    name: str
    height_in: float
    draw: Callable[[Any], None]


def check_plot(path: Path | None) -> None:
    """Raise PlotError unless pictures can be written to path: a folder, or a file ending in .png or .svg."""
    if path is None:
        return
    check_matplotlib("--plot")
    if not path.is_dir():
        if path.suffix.lower() not in SUFFIXES:
            raise PlotError(f"{path}: expected a folder that is there, or a file ending in {' or '.join(SUFFIXES)}")
        if not path.parent.is_dir():
            raise PlotError(f"{path}: there is no folder {path.parent} to write into")
    try:
        if path.is_file():
            path.open("ab").close()  # it is left as it was
        else:
            tempfile.TemporaryFile(dir=path if path.is_dir() else path.parent).close()
    except OSError as error:
        raise PlotError(f"{path}: cannot be written ({error.strerror})") from error


def check_matplotlib(what: str) -> None:
    """Raise PlotError where matplotlib, which `what` needs, is not installed."""
    if find_spec("matplotlib") is None:
        raise PlotError(f"{what} needs matplotlib: pip install 'enose[plot]'")


def write_pictures(pictures: Sequence[Picture], path: Path, stem: str) -> list[Path]:
    """Write the pictures, and say where: below one another in a file, or each as PNG and SVG in a folder.

    Raises PlotError where they cannot be written.
    """
    if not path.is_dir():
        return [_write(pictures, path)]
    return [_write([picture], path / f"{stem}-{picture.name}{suffix}") for picture in pictures for suffix in SUFFIXES]


def _write(pictures: Sequence[Picture], path: Path) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    heights_in = [picture.height_in for picture in pictures]
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)  # inches
    figure = Figure(figsize=(WIDTH_IN, sum(heights_in)), layout=layout)
    FigureCanvasAgg(figure)
    parts = figure.subfigures(len(pictures), 1, height_ratios=heights_in, squeeze=False)
    for picture, part in zip(pictures, parts[:, 0], strict=True):
        picture.draw(part)
    try:
        figure.savefig(path, dpi=DPI)
    except OSError as error:
        raise PlotError(f"{path}: cannot be written ({error.strerror})") from error
    return path
