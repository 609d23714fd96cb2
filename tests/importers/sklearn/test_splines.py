"""Splines at and between their knots, in every degree, and beyond the ends in every way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import SplineTransformer

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

X = np.round(np.random.default_rng(0).normal(size=(30, 2)), 1)
HALVES = st.integers(-12, 12).map(lambda n: n / 2) | st.floats(-20, 20)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(HALVES, min_size=1, max_size=9),
    st.integers(0, 5),
    st.integers(2, 6),
    st.sampled_from(["constant", "linear", "continue", "periodic"]),
    st.booleans(),
)
def test_one_feature_in_every_degree(x: list[float], degree: int, knots: int, way: str, bias: bool) -> None:
    if (way == "periodic" and knots <= degree) or (way == "constant" and not degree):
        return
    fitted = SplineTransformer(knots, degree, extrapolation=way, include_bias=bias).fit([[-1.0], [2.0]])
    column = np.array(x)[:, None]
    assert_serves(fitted, column, sample=column, exact=True, batches=[len(x)])


@pytest.mark.parametrize("way", ["constant", "linear", "continue"])
def test_quantiles_that_coincide(way: str) -> None:
    x = np.repeat([[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [2.0, 5.0]], 5, axis=0)
    fitted = SplineTransformer(knots="quantile", extrapolation=way).fit(x)
    assert_serves(fitted, 1.5 * x - 1.0, sample=x, exact=True)


@pytest.mark.parametrize("value", [9.0, -9.0, np.inf, np.nan])
def test_values_beyond_the_knots_are_refused_if_set_to_raise(value: float) -> None:
    fitted = SplineTransformer(extrapolation="error").fit(X)
    broken = X.copy()
    broken[3, 1] = value
    with pytest.raises(ValueError, match=r"beyond|NaN|infinity"):
        fitted.transform(broken)
    with pytest.raises(InputError, match="row 3"):
        served(export(fitted), broken)


@pytest.mark.parametrize("sparse", [False, True])
def test_values_whose_polynomials_overflow_are_refused(sparse: bool) -> None:
    """SciPy multiplies the infinite splines by zeros, so that all columns of a dense row are NaN."""
    fitted = SplineTransformer(extrapolation="continue", sparse_output=sparse).fit(X)
    large = X.copy()
    large[3, 1] = 1e60
    assert_serves(fitted, large, sample=X, batches=[len(X)])
    large[3, 1] = -1e300
    with pytest.raises(InputError, match="splines overflow.*row 3, column 1"):
        served(export(fitted), large)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degree": 0}, "degree=0"),
        ({"degree": 1, "extrapolation": "linear"}, "degree=1"),
        ({"sparse_output": True, "handle_missing": "zeros", "extrapolation": "continue"}, "handle_missing='zeros'"),
    ],
)
def test_what_cannot_be_served_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        export(SplineTransformer(**options).fit(X))
