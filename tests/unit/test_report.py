"""The report: one page, nothing fetched, everything escaped, words beside every figure."""

import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.boards import find_board
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import open_recordings, simulated_fruit
from enose.report import gather as gathering
from enose.report.figures import INK
from enose.report.gather import Findings, gather
from enose.report.page import page, write_page
from enose.report.projections import projections
from enose.splits import make_splits
from known_chip import known_chip

pytestmark = pytest.mark.usefixtures("libngspice")
BOARD, CHIP, _ = find_board("pico-mlp")
EVIL = "<script>alert(1)</script> & $x^2_"


class Page(HTMLParser):
    """What a browser would see of it: elements, attributes, and text outside of scripts."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Of a project in which every name is an attack."""
    path = tmp_path_factory.mktemp("report") / "evil.enose"
    made = simulated_fruit(1, ("banana", "lychee"))
    sensors = (Sensor(f"S {EVIL}"), *(Sensor(f"S{k}") for k in range(1, 4)))
    specimens = tuple(
        NewSpecimen(
            f"{EVIL} {s.group}",
            EVIL if s.label == "banana" else s.label,
            (Cycle({"baseline": s.baseline_ohm[:, :4], "exposure": s.exposure_ohm[:, :4]}, s.sample_s),),
        )
        for s in made.specimens
    )
    with Project.create(path) as project:
        project.add_sessions([NewSession(EVIL, sensors, specimens)], Provenance("simulate", "fruit", True))
    recordings = open_recordings(path)
    splits = make_splits(recordings, "group", 2, 1)
    return gather(path, recordings, splits, BOARD, CHIP, known_chip(), chips=3, seed=1)


@pytest.fixture(scope="module")
def written(found: Findings) -> str:
    return page(found)


def test_names_from_recordings_are_text_and_never_elements(written: str) -> None:
    seen = Page(written)
    assert seen.open == []
    assert "script" not in {tag for tag, _ in seen.elements}
    assert "<script" not in written
    assert EVIL in seen.text  # as it is, not as markup, nor as mathematics


def test_nothing_is_fetched_from_anywhere(written: str) -> None:
    for tag, attributes in Page(written).elements:
        assert tag not in ("link", "script", "iframe", "object", "embed", "base")
        for name, value in attributes.items():
            assert name not in ("src", "srcset", "action", "data")
            if name.endswith("href"):
                assert (value or "").startswith(("#", "data:image/png;base64,"))  # the heat maps' pixels
    assert not re.search(r"url\((?!#)", written)
    assert "@import" not in written
    assert "default-src 'none'" in written


def test_every_figure_has_words_and_takes_the_page_s_ink(written: str) -> None:
    seen = Page(written)
    figures = [attributes for tag, attributes in seen.elements if attributes.get("role") == "img"]
    assert len(figures) == 5
    assert all(len(one["aria-label"] or "") > 60 for one in figures)
    assert sum(tag == "svg" for tag, _ in seen.elements) == len(figures) == written.count("<figcaption>")
    assert INK not in written
    assert "currentColor" in written
    assert "prefers-color-scheme: dark" in written
    assert "@media print" in written
    ids = [attributes["id"] for _, attributes in seen.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_it_says_what_was_found_and_that_it_is_simulated(found: Findings, written: str) -> None:
    text = " ".join(Page(written).text.split())
    assert f"{100 * found.accuracy['accuracy']['chip']:.1f} % of 16 specimens" in text
    for part in ("simulated recordings", "simulated chip mlp441", "Audit: passed", "SVM, all sensors", "majority class",
                 "LDA", "no effect", "25 of 25 synapses", "seed", "2 folds by group"):  # fmt: skip
        assert part in text, part
    assert "NOT passed" not in text
    assert found.held.shape == (25,)
    assert str(f"{found.held[0]:.4g}") in text


def test_the_same_findings_are_the_same_page(found: Findings, written: str, tmp_path: Path) -> None:
    write_page(found, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == written


def test_without_a_calibration_it_says_how_to_get_one(found: Findings) -> None:
    text = " ".join(Page(page(replace(found, calibration=None))).text.split())
    assert "No particular chip was calibrated: enose calibration measure" in text


def test_two_classes_have_one_axis_and_three_have_two() -> None:
    two = projections(simulated_fruit(1, ("banana", "lychee")))
    three = projections(simulated_fruit(1))
    assert [(one.name, one.points.shape[1], one.share[1] is None) for one in two] == [
        ("PCA", 2, False),
        ("LDA", 2, True),
    ]
    assert three[1].share[1] is not None
    assert set(three[0].separation()) == {"banana", "lemon", "lychee"}
    assert np.isfinite(three[0].points).all()


@pytest.mark.parametrize("error", [OSError("no git"), subprocess.TimeoutExpired("git", 5)])
def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr("subprocess.run", failing)
    assert gathering._commit() == ""
