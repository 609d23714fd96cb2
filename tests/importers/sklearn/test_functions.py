"""Input that function transformers, indicators and selections read, or reject, as scikit-learn does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import FunctionTransformer
from sklearn.random_projection import SparseRandomProjection

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

X = np.arange(12.0).reshape(4, 3) % 5 + [0.0, 1.0, 0.0]
NAN = np.where(X == 0, np.nan, X)


def test_a_function_that_validates_refuses_nan() -> None:
    definition = export(FunctionTransformer(np.log1p, validate=True).fit(X))
    with pytest.raises(InputError, match="NaN"):
        served(definition, NAN)


def test_a_value_missing_in_a_new_column_is_refused() -> None:
    definition = export(MissingIndicator().fit(NAN))
    new = NAN.copy()
    new[0, 1] = np.nan
    assert served(definition, NAN)["transform"].tolist() == np.isnan(NAN)[:, [0, 2]].tolist()
    with pytest.raises(InputError, match="NaN"):
        served(definition, new)


OBJECTS = np.array([[1, None, np.nan], [None, np.nan, 2.5], [True, 3, 7]], object)


@pytest.mark.parametrize("fitted_on", [np.eye(3), pd.DataFrame(np.eye(3), columns=[*"abc"]), np.eye(3, dtype=object)])
@pytest.mark.parametrize("options", [{}, {"error_on_new": False}, {"features": "all"}])
def test_an_indicator_distinguishes_none_from_nan(fitted_on: Any, options: dict[str, Any]) -> None:
    missing = fitted_on.copy()
    missing[missing == 0] = np.nan
    estimator = MissingIndicator(**options).fit(missing)
    predictor = pretzel.compile(estimator)
    framed = pd.DataFrame(OBJECTS, columns=[*"abc"])
    mixed = framed.assign(c=[1.0, np.nan, 2.0])
    for x in (OBJECTS, framed, mixed, mixed.assign(b=[1, 2, 3]), OBJECTS[:, ::-1], np.array([[1.0, np.nan, 2.0]])):
        np.testing.assert_array_equal(predictor.transform(x), estimator.transform(x))


def test_an_indicator_refuses_objects_that_are_not_numbers() -> None:
    estimator = MissingIndicator(features="all").fit(NAN)
    for value in ("nan", "7", pd.NA):
        with pytest.raises(InputError, match="column 'X': row 0: "):
            pretzel.compile(estimator).transform(np.array([[1.0, value, 2.0]], object))


def test_an_indicator_of_a_number_does_not_find_it_as_a_text() -> None:
    estimator = MissingIndicator(missing_values=7, features="all").fit(np.eye(3) * 7)
    predictor = pretzel.compile(estimator)
    np.testing.assert_array_equal(predictor.transform([[7, 1, 0]]), estimator.transform([[7, 1, 0]]))
    with pytest.raises(InputError, match="column 'X': row 0: expected a number, got '7'"):
        predictor.transform(np.array([["7", 1, 0]], object))


def test_variance_threshold_lets_nan_through() -> None:
    assert_serves(VarianceThreshold(0.1).fit(X), NAN, sample=NAN, exact=True)


@pytest.mark.parametrize(
    ("estimator", "x", "option"),
    [
        (FunctionTransformer(np.square), csr_matrix(X), "func"),
        (SparseRandomProjection(2, random_state=0), csr_matrix(X), "dense_output"),
        (MissingIndicator(missing_values=7), X, "error_on_new"),
    ],
)
def test_what_cannot_be_served_is_named(estimator: Any, x: Any, option: str) -> None:
    fitted = estimator.fit(x)
    with pytest.raises(UnsupportedError, match=option):
        export(fitted, sample=x)
