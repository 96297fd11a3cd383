"""The decision rules of the chips, bands on one output or the largest of several, and the kinds of answer."""

TYPE_CHECKING = False  # MicroPython has no `typing`; a type checker takes this name for True
if TYPE_CHECKING:
    from typing import Any

CLASS = 1  # a band was hit
ABSTAIN = 2  # nearer to an edge than the guard
NONE = 3  # no answer: all-zero sample, invalid sensor, output out of range, safe state

ANSWERS = {CLASS: "CLASS", ABSTAIN: "ABSTAIN", NONE: "NONE"}


def decide(
    output_uv: int, edges_uv: list[int], guard_uv: int, valid_min_uv: int, valid_max_uv: int
) -> tuple[int, int, int]:
    """(answer, band, margin_uv) for one output voltage.

    band counts from the low end; margin_uv is the distance to the nearest edge. An output outside
    valid_min_uv..valid_max_uv is no answer at all: (NONE, 0, 0).
    """
    if output_uv < valid_min_uv or output_uv > valid_max_uv:
        return NONE, 0, 0
    band = 0
    margin_uv = 0x3FFFFFFF
    for edge_uv in edges_uv:
        if output_uv > edge_uv:
            band += 1
        margin_uv = min(margin_uv, abs(output_uv - edge_uv))
    return (ABSTAIN if margin_uv < guard_uv else CLASS), band, margin_uv


def decide_largest(
    outputs_uv: list[int], rest_uv: int, guard_uv: int, valid_min_uv: int, valid_max_uv: int
) -> tuple[int, int, int]:
    """(answer, band, margin_uv) for the largest of several outputs and of a resting level.

    band k is output k, and one more stands for the resting level: no output is above it. margin_uv is the distance from
    the largest to the second largest of them all. An output outside valid_min_uv..valid_max_uv is no answer at all:
    (NONE, 0, 0).
    """
    levels_uv = outputs_uv + [rest_uv]
    band = 0
    for k in range(len(levels_uv)):
        if k < len(outputs_uv) and not valid_min_uv <= levels_uv[k] <= valid_max_uv:
            return NONE, 0, 0
        if levels_uv[k] > levels_uv[band]:
            band = k
    margin_uv = 0x3FFFFFFF
    for k in range(len(levels_uv)):
        if k != band:
            margin_uv = min(margin_uv, levels_uv[band] - levels_uv[k])
    return (ABSTAIN if margin_uv < guard_uv else CLASS), band, margin_uv


def by_rule(rule: "dict[str, Any]", outputs_uv: list[int], guard_uv: int) -> tuple[int, int, int]:
    """(answer, band, margin_uv) by a chip's rule as board.json has it, with at least this guard."""
    limits = max(guard_uv, rule["guard_uv"]), rule["valid_min_uv"], rule["valid_max_uv"]
    if rule["rule"] == "largest":
        return decide_largest(outputs_uv, rule["rest_uv"], *limits)
    return decide(outputs_uv[0], rule["edges_uv"], *limits)
