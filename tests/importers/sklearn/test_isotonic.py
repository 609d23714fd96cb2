"""Isotonic regression at its knots and beyond them, and calibration and medians where values are equal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

QUARTERS = st.integers(-12, 12).map(lambda n: n / 4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(QUARTERS, QUARTERS), min_size=1, max_size=12),
    st.lists(QUARTERS | st.floats(-4, 4), min_size=1, max_size=12),
    st.sampled_from(["nan", "clip"]),
    st.booleans(),
)
def test_knots_and_values_beyond_them(
    pairs: list[tuple[float, float]], x: list[float], bounds: str, increasing: bool
) -> None:
    fitted = IsotonicRegression(increasing=increasing, out_of_bounds=bounds).fit(*np.array(pairs).T)
    assert_serves(fitted, np.array(x), sample=np.array(x), exact=True, batches=[len(x)])


@pytest.mark.parametrize("x", [-0.5, 2.5, np.nan, np.inf])
def test_values_out_of_bounds_are_refused_if_set_to_raise(x: float) -> None:
    fitted = IsotonicRegression(out_of_bounds="raise").fit([0.0, 1.0, 2.0], [1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match=r"NaN|infinity|interpolation range"):
        fitted.predict([x])
    with pytest.raises(InputError, match="row 1"):
        served(export(fitted), np.array([1.0, x]))


def test_one_number_per_row_as_a_vector_or_a_column() -> None:
    fitted = IsotonicRegression(out_of_bounds="clip").fit(np.arange(5.0), [1.0, 3.0, 2.0, 5.0, 4.0])
    fast = pretzel.compile(fitted)
    x = np.array([-1.0, 0.5, 2.0, 9.0])
    np.testing.assert_array_equal(fast.predict(x), fitted.predict(x))
    np.testing.assert_array_equal(fast.transform(x[:, None]), fitted.transform(x[:, None]))


def test_calibrated_probabilities_that_are_all_equal() -> None:
    x = np.repeat(np.arange(6.0), 10)[:, None]
    y = np.tile(["a", "b", "c"], 20)
    fitted = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2).fit(x, y)
    assert_serves(fitted, x, sample=x)


def test_members_that_predict_the_same() -> None:
    x = np.repeat(np.arange(6.0), 10)[:, None]
    y = np.round(np.sin(x[:, 0]) + np.tile([0.0, 0.5], 30), 1)
    fitted = AdaBoostRegressor(DecisionTreeRegressor(max_depth=1), n_estimators=30, random_state=0).fit(x, y)
    assert_serves(fitted, x, sample=x)
