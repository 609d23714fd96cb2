"""Arithmetic on parameters: twice the precision, and bits that do not depend on the neighbors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pretzel.compiler.optimize.folding import multiply, scaled_rows, usable
from pretzel.compiler.optimize.monotone import finite_range


@pytest.mark.parametrize("seed", range(20))
def test_a_product_is_exact_up_to_its_last_bits(seed: int) -> None:
    dice = np.random.default_rng(seed)
    a, b = dice.normal(size=(3, 40)) * 10.0 ** dice.integers(-6, 6, (3, 40)), dice.normal(size=(40, 2))
    a[:, 20:] = -a[:, :20] * (1 + 1e-12)  # nearly everything cancels
    b[20:] = b[:20]
    got = multiply(a, b)
    for i, j in np.ndindex(3, 2):
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a[i].tolist(), b[:, j].tolist(), strict=True))
        assert abs(Fraction(float(got[i, j])) - exact) <= abs(exact) * Fraction(1, 2**50)


def test_the_bits_do_not_depend_on_the_neighbors() -> None:
    dice = np.random.default_rng(0)
    a, b = dice.normal(size=(9, 33)), dice.normal(size=(33, 17))
    whole = multiply(a, b)
    for i, j in np.ndindex(9, 17):
        assert multiply(a[i : i + 1], b[:, j : j + 1])[0, 0] == whole[i, j]


def test_products_that_lose_bits_are_rejected() -> None:
    weights = np.array([[1e200], [1.0]])
    assert scaled_rows(weights, np.array([1e200, 1.0])) is None
    assert scaled_rows(weights, np.array([1.0, 1e-300])) is None
    assert scaled_rows(weights, np.array([0.0, 2.0])) is not None
    assert not usable(np.array([np.nan])) and not usable(np.array([1e-300])) and usable(np.array([0.0, 1.0]))


@pytest.mark.parametrize("mean", [0.0, 5.0, -1e200, 1e300])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1, 3.0, 1e-200, 5e-324])
def test_the_finite_range_ends_where_the_function_overflows(mean: float, scale: float) -> None:
    def function(x: np.ndarray) -> np.ndarray:
        return (x - mean) / scale

    with np.errstate(all="ignore"):
        if not np.isfinite(function(np.zeros(1))).all():
            return
        low, high = finite_range(function, 1)  # the function is finite at zero
        assert np.isfinite(function(low)).all() and np.isfinite(function(high)).all()
        assert not np.isfinite(function(np.nextafter(low, -np.inf))).any()
        assert not np.isfinite(function(np.nextafter(high, np.inf))).any()
