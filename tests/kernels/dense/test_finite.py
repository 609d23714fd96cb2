"""Values that are not finite are found wherever they are in runs of values, and no others are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel.kernels.dense.missing import RequireFinite
from pretzel.kernels.frame import Workspace
from pretzel.kernels.fused.require_finite_product import RequireFiniteProduct
from pretzel.kernels.program import Program
from pretzel.kernels.refused import Refused
from pretzel.plan.types import dense

PLACES = [0, 1, 62, 63, 64, 65, 127, 128, 130]


def run(kernel: type[Any], x: np.ndarray, **options: Any) -> np.ndarray:
    kind = dense("f32" if x.dtype == np.float32 else "f64", x.shape[1])
    step = kernel((kind,), kind, **options)
    result: np.ndarray = Program([kind, kind], 1, [(step, [0], 1)], [1], len(x) or 1).run(Workspace(), [x], len(x))[0]
    return result


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_value_that_is_not_finite_is_named(dtype: type, at: int, value: float) -> None:
    x: np.ndarray = np.ones((131, 1), dtype)
    x[at:] = value
    with pytest.raises(Refused, match=f"{'NaN' if np.isnan(value) else 'infinity'}.*: row {at}, column 0"):
        run(RequireFinite, x, owner="X", allow_nan=False)


@pytest.mark.parametrize("at", PLACES)
def test_an_infinity_is_found_behind_any_number_of_nans(at: int) -> None:
    x = np.full((131, 1), np.nan)
    x[at] = np.inf
    with pytest.raises(Refused, match=f"infinity.*: row {at}, column 0"):
        run(RequireFinite, x, owner="X", allow_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 131])
def test_the_largest_and_the_smallest_numbers_are_finite(rows: int, dtype: type) -> None:
    info = np.finfo(dtype)
    x: np.ndarray = np.resize(np.array([info.max, -info.max, info.smallest_subnormal, -0.0], dtype), (rows, 1))
    np.testing.assert_array_equal(run(RequireFinite, x, owner="X", allow_nan=False), x)


def product(x: np.ndarray) -> np.ndarray:
    """The sum of a row, which cannot overflow unless a value is beyond 1e300."""
    width = x.shape[1]
    options = {"weights": np.ones((1, width)), "mean": np.zeros(width), "scale": np.ones(width)}
    return run(RequireFiniteProduct, x, **options, bias=np.zeros(1), limit=np.array([1e300]), owner="X")


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("width", [1, 3, 70])
def test_rows_beyond_the_limit_pass_until_a_product_overflows(width: int, at: int) -> None:
    x = np.ones((131, width))
    x[::2, -1] = 1e301  # beyond the limit, though its sums are finite
    np.testing.assert_array_equal(product(x), x)
    x[at, 0] = -np.inf
    with pytest.raises(Refused, match=f"infinity or a value too large.*: row {at}, column 0"):
        product(x)
