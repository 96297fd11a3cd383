"""From resistances to the chip's input voltages, in whole microvolts: 0.85-0.95 V.

Two normalisations, named in the weight image:

NORM_CHANGE   the paper's: relative resistance change, absolute value, divided by the sample's maximum, divided by 10,
              plus 0.85 V (Tang et al., Sensors 13 (2013) 193-207, section 3).
NORM_RANGE    for recordings without a clean-air baseline: the resistance itself, between two constants of each channel
              that come from the training split, scaled to the same range.
"""

INPUT_MIN_UV = 850_000
INPUT_SPAN_UV = 100_000
PPM = 1_000_000

REFERENCE_MC, REFERENCE_MRH = 20_000, 65_000  # the air that Figaro's data sheets state resistances in
MOST_PPM = PPM  # beyond that a factor is none of a sensor's that answers to anything else

# Ours, where the image knows no better: a few steps of a 15-bit reading of a divider, and no odour that any set shows.
LEAST_CHANGE_PPM = 1000

NORM_CHANGE = 1
NORM_RANGE = 2
NORMALISATIONS = (NORM_CHANGE, NORM_RANGE)


def resistance_ohm(count: int, rail_count: int, load_ohm: int) -> int:
    """Sensor resistance from a divider read as a ratio: the sensor towards the rail, load_ohm towards ground.

    Raises ValueError where the divider is at an end: an open sensor (count <= 0) or a short one (count >= rail_count).
    """
    if count <= 0 or count >= rail_count:
        raise ValueError("divider at its end: %d of %d" % (count, rail_count))
    return load_ohm * (rail_count - count) // count


def at_reference_ohm(ohm: int, temperature_mc: int, humidity_mrh: int, ppm_per_c: int, ppm_per_rh: int) -> int:
    """What a sensor that shows `ohm` in this air would show at 20 C and 65 % rh; at least 1.

    The two coefficients are relative changes of the resistance per C and per % rh, negative where warm or damp air
    lowers it. They add up to x; the sensor shows exp(x) times its resistance, and exp(x) is taken for
    (2 + x) / (2 - x), which is 0.07 % off at 20 % and 1 % at 50 %. x is held at +-1, a factor of 3.
    """
    x_ppm = ((temperature_mc - REFERENCE_MC) * ppm_per_c + (humidity_mrh - REFERENCE_MRH) * ppm_per_rh) // 1000
    x_ppm = min(max(x_ppm, -MOST_PPM), MOST_PPM)
    return max(ohm * (2 * PPM - x_ppm) // (2 * PPM + x_ppm), 1)


def change_ppm(ohm: int, baseline_ohm: int) -> int:
    """abs(dR/R0) in parts per million, rounded down."""
    return abs(ohm - baseline_ohm) * PPM // baseline_ohm


def inputs_from_changes(changes_ppm: list[int], least_change_ppm: int = LEAST_CHANGE_PPM) -> list[int] | None:
    """NORM_CHANGE: input voltages in uV, the largest change at 0.95 V; None for an all-zero sample (no odour).

    All-zero is below least_change_ppm, which the image carries: dividing by the maximum would blow noise and wander of
    the sensors up to a full answer.
    """
    largest = max(changes_ppm)
    if largest < least_change_ppm:
        return None
    return [INPUT_MIN_UV + INPUT_SPAN_UV * c // largest for c in changes_ppm]


def inputs_from_range(ohms: list[int], low_ohm: list[int], high_ohm: list[int]) -> list[int]:
    """NORM_RANGE: input voltages in uV, low_ohm at 0.85 V and high_ohm at 0.95 V, held at the ends beyond them."""
    return [
        INPUT_MIN_UV + INPUT_SPAN_UV * min(max(r - lo, 0), hi - lo) // (hi - lo)
        for r, lo, hi in zip(ohms, low_ohm, high_ohm)
    ]
