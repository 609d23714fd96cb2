"""What functions, indicators and searches refuse, as scikit-learn refuses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import FunctionTransformer
from sklearn.random_projection import SparseRandomProjection

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
