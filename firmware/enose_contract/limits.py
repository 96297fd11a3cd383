"""Volts to converter codes and back, in integers, with the range of the chip kept on the inside; a refresh's period.

Voltages are whole microvolts (`_uv`). A code whose voltage would lie outside the chip's range is never produced:
the lowest code of a range is rounded up and the highest down.
"""

DIGIT_BITS = 4  # of a code at a time: a MicroPython of 32 bits allocates for numbers beyond 30


def code_nearest(v_uv: int, full_scale_uv: int, bits: int) -> int:
    """The code whose voltage is nearest to v_uv, for a converter of 2**bits steps over full_scale_uv; unclamped.

    A long division: up to a full scale of 2**25 uV (34 V) no number needs more than 30 bits.
    """
    code = v_uv // full_scale_uv
    left = v_uv - code * full_scale_uv
    while bits:
        step = min(bits, DIGIT_BITS)
        left <<= step
        digit = left // full_scale_uv
        left -= digit * full_scale_uv
        code = (code << step) + digit
        bits -= step
    return code + (2 * left >= full_scale_uv)


def uv_from_code(code: int, full_scale_uv: int, bits: int) -> int:
    """The voltage of a code, in whole microvolts, rounded to the nearest."""
    return (code * full_scale_uv + (1 << (bits - 1))) >> bits


def code_range(min_uv: int, max_uv: int, full_scale_uv: int, bits: int) -> tuple[int, int]:
    """Lowest and highest code whose voltages lie within min_uv..max_uv. Raises ValueError where there is none."""
    low = -((-min_uv << bits) // full_scale_uv)
    high = (max_uv << bits) // full_scale_uv
    if low < 0 or high >= 1 << bits or low > high:
        raise ValueError("no code within %d..%d uV" % (min_uv, max_uv))
    return low, high


def code_within(v_uv: int, code_min: int, code_max: int, full_scale_uv: int, bits: int) -> int:
    """The nearest code to v_uv that lies within code_min..code_max."""
    return min(max(code_nearest(v_uv, full_scale_uv, bits), code_min), code_max)


def refresh_ms(limit_ms: int, use_percent: int, reserve_ms: int) -> int:
    """The period of a refresh, where weights hold for limit_ms: use_percent of it, and reserve_ms before its end.

    Where there is not that much, a quarter of it, for more often leaves no time for the rest: what then holds the
    processor for longer makes the weights stale.
    """
    return max(min(limit_ms * use_percent // 100, max(limit_ms - reserve_ms, limit_ms // 4)), 1)
