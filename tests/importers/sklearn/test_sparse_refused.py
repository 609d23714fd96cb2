"""A sparse matrix is rejected wherever the first estimator of the library rejects it, and read wherever it is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, IsolationForest, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

import pretzel
from pretzel.errors import InputError

X = np.random.default_rng(2).normal(size=(60, 3)) * np.tile([[1, 0, 1], [0, 2, 1]], (30, 1))
Y = (X[:, 0] > 0).astype(int)
LINEAR = LogisticRegression()
MODELS: dict[str, tuple[Any, str | None]] = {
    "normal": (GaussianNB(), "gaussiannb"),
    "mixture": (GaussianMixture(2), "gaussianmixture"),
    "trees": (HistGradientBoostingClassifier(max_iter=2), "histgradientboostingclassifier"),
    "centered": (make_pipeline(StandardScaler(), LINEAR), "pipeline.standardscaler"),
    "scaled": (make_pipeline(StandardScaler(with_mean=False), LINEAR), None),
    "one of two": (make_pipeline(make_union(MaxAbsScaler(), PowerTransformer()), LINEAR), "powertransformer"),
    "of some columns": (make_pipeline(make_column_transformer((StandardScaler(), [0])), LINEAR), "standardscaler"),
    "machine": (SVC(), "svc"),
    "in a tree": (KNeighborsClassifier(algorithm="kd_tree"), "kneighborsclassifier"),
    "by brute force": (KNeighborsClassifier(algorithm="brute"), None),
    "clipped": (make_pipeline(FunctionTransformer(np.clip, kw_args={"a_min": -1, "a_max": 1}), LINEAR), "functiontran"),
    "rounded": (make_pipeline(FunctionTransformer(np.round), LINEAR), None),
    "bag": (BaggingClassifier(BernoulliNB(), 2), None),
    "stack": (StackingClassifier([("a", GaussianNB()), ("b", LINEAR)]), "stackingclassifier"),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore")
def test_a_sparse_matrix_is_rejected_as_by_the_library(name: str) -> None:
    model, step = MODELS[name]
    predictor, stored = pretzel.compile(model.fit(X, Y)), sparse.csr_matrix(X)
    if step is None:
        assert (predictor.predict(stored) == model.predict(stored)).all()
        return
    with pytest.raises((TypeError, ValueError)):
        model.predict(stored)
    with pytest.raises(InputError, match=rf"X: a sparse matrix, which \S*{step}\S* rejects; pass X.toarray\(\)"):
        predictor.predict(stored)
    assert (predictor.predict(stored.toarray()) == model.predict(X)).all()


def test_nan_in_sparse_rows_of_isolation_forests_is_rejected() -> None:
    model = make_pipeline(QuantileTransformer(n_quantiles=20), IsolationForest(n_estimators=5, random_state=0))
    rows = abs(X)
    model.fit(rows)
    rows[:, 0] = np.nan
    stored, predictor = sparse.csr_matrix(rows), pretzel.compile(model)
    assert (model.score_samples(stored) != model.score_samples(rows)).any()
    np.testing.assert_allclose(predictor.score_samples(rows), model.score_samples(rows))
    with pytest.raises(InputError, match="X: a sparse matrix with NaN, and pipeline.isolationforest reads NaN"):
        predictor.score_samples(stored)
    assert predictor.score_samples(sparse.csr_matrix(abs(X))).shape == (60,)
