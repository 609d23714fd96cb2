"""A predictor compiled with a sparse sample reads dense and sparse rows, each in their own type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, QuantileTransformer

import pretzel

_random = np.random.default_rng(0)
X = np.where(_random.random((80, 6)) < 0.5, 0, np.round(np.abs(_random.normal(size=(80, 6))) * 3, 2))
Y = (X[:, 0] > X[:, 1]).astype(int)
FORMS = {
    "csr": sparse.csr_matrix,
    "coo": sparse.coo_matrix,
    "array": lambda x: x,
    "lists": lambda x: x.tolist(),
    "table": pd.DataFrame,
}


def _models() -> dict[str, Any]:
    xgboost = pytest.importorskip("xgboost")
    return {
        "linear": SGDClassifier(loss="log_loss", random_state=0),
        "scaled": make_pipeline(MaxAbsScaler(), LogisticRegression()),
        "only sparse": make_pipeline(TfidfTransformer(sublinear_tf=True), LogisticRegression()),
        "only dense": make_pipeline(QuantileTransformer(n_quantiles=9), LogisticRegression()),
        "stored zeros": make_pipeline(MaxAbsScaler(), xgboost.XGBClassifier(n_estimators=3)),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fitted", ["f4", "f8"])
@pytest.mark.parametrize("name", ["linear", "scaled", "only sparse", "only dense", "stored zeros"])
def test_rows_are_computed_in_their_own_type(name: str, fitted: str) -> None:
    sample = sparse.csr_matrix(X.astype(fitted))
    model = _models()[name].fit(sample, Y)
    fast = pretzel.compile(model, sample=sample)
    for dtype in ("f4", "f8"):
        for form, convert in FORMS.items():
            rows = convert(X.astype(dtype))
            want, got = model.predict_proba(rows), fast.predict_proba(rows)
            assert got.dtype == want.dtype, form
            np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6, err_msg=form)
