"""The page: one HTML file that needs no other, for light and dark screens, paper, and readers that speak."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from enose.image import write_whole
from enose.report.figures import figures
from enose.report.gather import Findings

TEMPLATE = "page.html.j2"
PEERS = {
    "mlp443": "plain MLP with 4 hidden neurons, same inputs",
    "svm": "SVM, all sensors",
    "lda": "LDA, all sensors",
    "majority": "majority class",
}


def page(found: Findings) -> str:
    """The whole page. Whatever comes from recordings is escaped; the same findings are the same page."""
    drawn = {name: {"svg": Markup(one.svg), "caption": one.caption, "words": one.words}
             for name, one in figures(found).items()}  # fmt: skip
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    environment.filters["points"] = lambda change: f"{100 * change:+.1f}"
    peers = {PEERS.get(name, name): share for name, share in found.accuracy["peers"].items()}
    return environment.get_template(TEMPLATE).render(
        found=found, figures=drawn, peers=peers, confusion=_confusion(found.accuracy), weights=_weight_rows(found)
    )


def write_page(found: Findings, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, page(found).encode())


def _confusion(accuracy: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a true class: its counts, each with its share of the row for shading."""
    rows = []
    for k, (name, counts) in enumerate(zip(accuracy["classes"], accuracy["confusion"], strict=True)):
        total = max(sum(counts), 1)
        cells = [{"count": n, "share": round(100 * n / total), "right": j == k} for j, n in enumerate(counts)]
        rows.append({"name": name, "cells": cells})
    return rows


def _weight_rows(found: Findings) -> list[list[str]]:
    """Weights by number, ten to a row."""
    texts = [f"{value:.4g}" for value in found.held.tolist()]
    return [texts[k : k + 10] for k in range(0, len(texts), 10)]
