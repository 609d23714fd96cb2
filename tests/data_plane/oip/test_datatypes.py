"""Conversions keep every value, or name the first row that would change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pretzel.data_plane.oip.datatypes import DTYPES, converted, widened
from pretzel.plan.types import NUMPY_DTYPES

KINDS = st.sampled_from(sorted(NUMPY_DTYPES.values(), key=str))


def exact(value: object) -> object:
    """Return a value as Python compares it with any other, without rounding; NaN equals NaN."""
    return "nan" if value != value else value


@given(st.data(), KINDS, KINDS)
def test_conversions_are_exact_or_refused(data: st.DataObject, source: np.dtype, target: np.dtype):
    array = data.draw(arrays.arrays(source, st.integers(0, 6)))
    got = converted(array, target)
    if isinstance(got, int):
        with np.errstate(all="ignore"):
            changed = exact(array[got].astype(target).item()) != exact(array[got].item())
        wide = source.kind in "iu" and target.kind == "f"  # integers beyond the mantissa are refused, exact or not
        assert changed or (wide and abs(int(array[got])) > 2**24)
    else:
        assert got.dtype == target
        assert [exact(v) for v in got.tolist()] == [exact(v) for v in array.tolist()]


@pytest.mark.parametrize(
    ("values", "source", "target", "row"),
    [
        ([1, 2**53, 2**53 + 1], "i8", "f8", 2),
        ([-(2**63)], "i8", "u8", 0),
        ([2**64 - 1], "u8", "i8", 0),
        ([0.5, 0.1], "f8", "f4", 1),
        ([1e300], "f8", "f4", 0),
        ([2.0, 2.5], "f8", "i4", 1),
        ([float("nan")], "f8", "i8", 0),
        ([2.0**63], "f8", "i8", 0),
        ([1.0, 0.0, 2.0], "f8", "?", 2),
        ([200], "u1", "i1", 0),
    ],
)
def test_values_that_another_type_does_not_hold(values: list, source: str, target: str, row: int):
    assert converted(np.array(values, source), np.dtype(target)) == row


@pytest.mark.parametrize(
    ("values", "source", "target"),
    [
        ([float("nan"), float("inf"), -0.0, 0.5], "f8", "f4"),
        ([-(2.0**63)], "f8", "i8"),
        ([True, False], "?", "f8"),
        ([2**31 - 1], "i4", "f8"),
        ([255], "u1", "f4"),
    ],
)
def test_values_that_it_holds(values: list, source: str, target: str):
    got = converted(np.array(values, source), np.dtype(target))
    np.testing.assert_array_equal(got, np.array(values, target))


def test_every_half_float_is_widened_exactly():
    bits = np.arange(1 << 16, dtype=np.uint16)
    half = bits.view(np.float16)
    np.testing.assert_array_equal(widened("FP16", half), half.astype(np.float64))
    brain = widened("BF16", bits)
    np.testing.assert_array_equal(brain.view(np.uint32) >> 16, bits)
    assert set(DTYPES) == {"BOOL", "FP16", "FP32", "FP64", "BF16"} | {
        f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
    }
