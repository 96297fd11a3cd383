"""Converter codes: nearest, and never outside the chip's range."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose_contract.limits import code_nearest, code_range, code_within, uv_from_code

bits = st.integers(8, 16)
full_scales_uv = st.integers(1_000_000, 6_144_000)
volts_uv = st.integers(0, 6_000_000)


def exact_uv(code: int, full_scale_uv: int, n: int) -> Fraction:
    return Fraction(code * full_scale_uv, 1 << n)


@given(volts_uv, full_scales_uv, bits)
def test_no_code_is_nearer(v_uv: int, full_scale_uv: int, n: int) -> None:
    code = code_nearest(v_uv, full_scale_uv, n)
    off = abs(exact_uv(code, full_scale_uv, n) - v_uv)
    assert off <= abs(exact_uv(code - 1, full_scale_uv, n) - v_uv)
    assert off <= abs(exact_uv(code + 1, full_scale_uv, n) - v_uv)


@given(st.integers(0, 65535), full_scales_uv, bits)
def test_a_codes_voltage_is_rounded_to_the_nearest_microvolt(code: int, full_scale_uv: int, n: int) -> None:
    assert abs(uv_from_code(code, full_scale_uv, n) - exact_uv(code, full_scale_uv, n)) <= Fraction(1, 2)


@given(st.data(), full_scales_uv, bits)
def test_voltage_and_code_are_inverse_where_a_code_is_wider_than_a_microvolt(
    data: st.DataObject, full_scale_uv: int, n: int
) -> None:
    code = data.draw(st.integers(0, (1 << n) - 1))
    assert code_nearest(uv_from_code(code, full_scale_uv, n), full_scale_uv, n) == code


@given(volts_uv, volts_uv, full_scales_uv, bits)
def test_a_range_holds_exactly_the_codes_within_it(min_uv: int, max_uv: int, full_scale_uv: int, n: int) -> None:
    assume(min_uv < max_uv < full_scale_uv - (full_scale_uv >> n) - 1)
    try:
        low, high = code_range(min_uv, max_uv, full_scale_uv, n)
    except ValueError:  # none lies between them: then the code above the lower one is above the upper one too
        above = min_uv * (1 << n) // full_scale_uv + 1
        assert exact_uv(above, full_scale_uv, n) > max_uv
        return
    assert min_uv <= exact_uv(low, full_scale_uv, n) <= exact_uv(high, full_scale_uv, n) <= max_uv
    assert low == 0 or exact_uv(low - 1, full_scale_uv, n) < min_uv
    assert exact_uv(high + 1, full_scale_uv, n) > max_uv


@given(st.integers(-10_000_000, 10_000_000))
def test_whatever_is_asked_for_the_code_stays_within_the_range(v_uv: int) -> None:
    low, high = code_range(850_000, 950_000, 2_500_000, 16)
    code = code_within(v_uv, low, high, 2_500_000, 16)
    assert 850_000 <= exact_uv(code, 2_500_000, 16) <= 950_000
    if 850_000 <= v_uv <= 950_000:
        # half a code (19 uV of 38), and a whole one at an end whose nearest code would lie outside
        assert abs(exact_uv(code, 2_500_000, 16) - v_uv) <= Fraction(2_500_000, 1 << 16)


@pytest.mark.parametrize(("min_uv", "max_uv"), [(850_001, 850_002), (950_000, 850_000), (-100, 50), (0, 2_500_000)])
def test_a_range_without_codes_or_beyond_the_converter_is_refused(min_uv: int, max_uv: int) -> None:
    with pytest.raises(ValueError, match=f"no code within {min_uv}..{max_uv} uV"):
        code_range(min_uv, max_uv, 2_500_000, 16)
