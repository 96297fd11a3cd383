"""The decision rule of a chip with bands on one output, and the kinds of answer."""

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
