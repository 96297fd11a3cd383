"""Features: what the chip is shown of a specimen (`inputs`), and the shape of a response (`response`).

The scikit-learn transformers are in `transformers`, imported where they are used.
"""

from enose.features.inputs import (
    NO_SAMPLE_UV,
    RAIL_COUNT,
    Constants,
    device_ohm,
    exact_ohm,
    input_uv,
    input_v,
    no_constants,
    range_constants,
)

__all__ = [
    "NO_SAMPLE_UV",
    "RAIL_COUNT",
    "Constants",
    "device_ohm",
    "exact_ohm",
    "input_uv",
    "input_v",
    "no_constants",
    "range_constants",
]
