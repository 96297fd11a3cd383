"""The demo's report on a terminal: words that are right for one and for many, and what training gave up."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from enose.demo.show import show


def report(rule: str, done: int, network: dict[str, Any]) -> dict[str, Any]:
    return {
        "simulated_recordings": True,
        "recordings": "some odours",
        "notes": [],
        "split": "halves",
        "topology": [5, 4, 2],
        "networks": [{"sensors": ["s1", "s2"], "class_order": ["a", "b"]} | network],
        "decision": {"rule": rule},
        "board": "sim:some",
        "chip": "some",
        "fidelity": "fast",
        "micropython": "v1",
        "memory_free_low": 2048,
        "confusion_columns": ["a", "b", "abstained", "no answer"],
        "classes": ["a", "b"],
        "confusion": [[3, 1, 0, 0], [0, 4, 0, 0]],
        "accuracy": {"float": 1.0, "firmware": 0.875},
        "accuracy_interval": [0.5, 0.98],
        "interval_method": "Wilson",
        "plain": {"majority": 0.5},
        "specimens": {"tested": 8},
        "refresh": {"done": done, "missed": 0},
        "by_batch": None,
        "simulated_s": 1.0,
        "wall_s": 1.0,
    }


def shown(*arguments: Any) -> str:
    stream = StringIO()
    show(report(*arguments), Console(file=stream, width=132))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("rule", "done", "expected"),
    [
        ("largest", 1, "all memristances programmed or verified 1 time, 0 missed"),
        ("largest", 2, "all memristances programmed or verified 2 times, 0 missed"),
        ("bands", 30, "weights refreshed 30 times, 0 missed"),
    ],
)
def test_passes_are_counted_in_words(rule: str, done: int, expected: str) -> None:
    assert f"\n{expected}\n" in shown(rule, done, {})


def test_weights_at_limits_are_told_where_a_network_has_them() -> None:
    held = {"weights": 34, "at_limits": 3, "open": 2, "adders": 6, "adders_at_limits": 1}
    expected = "\n             weights: 3 of 34 at the devices' limits, 2 open; 1 of 6 adders at theirs\n"
    assert expected in shown("largest", 1, {"held": held})
    assert "weights:" not in shown("bands", 1, {})
