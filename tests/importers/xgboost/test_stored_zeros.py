"""XGBoost reads a stored zero of a sparse row as zero and other entries as missing, also after every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xgboost
from sklearn import feature_selection, preprocessing
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.random_projection import SparseRandomProjection

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.local import Predictor

DICE = np.random.default_rng(0)
NUMBERS = np.where(DICE.random((200, 6)) < 0.4, 0.0, DICE.integers(-2, 4, (200, 6)))
STORED = (NUMBERS != 0) | (DICE.random((200, 6)) < 0.4)
TARGET = (NUMBERS[:, 0] + 2 * STORED[:, 1] - 1.5 * STORED[:, 2] + STORED[:, 3] * NUMBERS[:, 4] > 0.5).astype(int)
WORDS = [f"w{i}" for i in range(60)]
DOCUMENTS = [" ".join(DICE.choice(WORDS, 12)) for _ in range(200)]


def rows(values: np.ndarray = NUMBERS) -> scipy.sparse.csr_matrix:
    starts = np.concatenate([[0], np.cumsum(STORED.sum(axis=1))])
    return scipy.sparse.csr_matrix((values[STORED], STORED.nonzero()[1], starts), shape=values.shape)


DICTIONARIES = [{f"f{j}": NUMBERS[i, j] for j in range(6) if STORED[i, j]} for i in range(200)]
COLUMNS = [("a", preprocessing.MaxAbsScaler(), [3, 0]), ("b", "passthrough", [4, 1])]
SELECTORS = [("a", "passthrough"), ("b", feature_selection.SelectKBest(k=2))]
STEPS: dict[str, Any] = {
    "alone": None,
    "MaxAbsScaler": preprocessing.MaxAbsScaler(),
    "StandardScaler": preprocessing.StandardScaler(with_mean=False),
    "RobustScaler": preprocessing.RobustScaler(with_centering=False),
    "Normalizer l1": preprocessing.Normalizer("l1"),
    "Normalizer l2": preprocessing.Normalizer("l2"),
    "Normalizer max": preprocessing.Normalizer("max"),
    "VarianceThreshold": feature_selection.VarianceThreshold(1.5),
    "SelectKBest": feature_selection.SelectKBest(k=4),
    "SelectPercentile": feature_selection.SelectPercentile(percentile=50),
    "FeatureUnion": FeatureUnion(SELECTORS),
    "ColumnTransformer": ColumnTransformer(COLUMNS, sparse_threshold=1),
    "ColumnTransformer remainder": ColumnTransformer(COLUMNS[:1], remainder="passthrough", sparse_threshold=1),
    "FunctionTransformer": preprocessing.FunctionTransformer(accept_sparse=True),
    "two": make_pipeline(preprocessing.MaxAbsScaler(), feature_selection.SelectKBest(k=4)),
}
POSITIVE = {"TfidfTransformer": TfidfTransformer(), "no norm": TfidfTransformer(norm=None)}


def pipeline(step: Any, **options: Any) -> Pipeline:
    head = xgboost.XGBClassifier(n_estimators=8, max_depth=4, **options)
    return make_pipeline(head) if step is None else make_pipeline(step, head)


def assert_alike(model: Any, X: Any, predictor: Predictor | None = None) -> None:
    predictor = predictor or pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict_proba(X), model.predict_proba(X), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("missing", [np.nan, 0.0, 1.0])
@pytest.mark.parametrize("name", STEPS)
def test_stored_zeros_pass_through_steps(name: str, missing: float):
    x = rows()
    model = pipeline(STEPS[name], missing=missing).fit(x, TARGET)
    assert_alike(model, x)
    if np.isnan(missing):
        bare = x.copy()
        bare.eliminate_zeros()
        assert (model.predict_proba(bare) != model.predict_proba(x)).any(), "these rows do not distinguish stored zeros"


@pytest.mark.parametrize("name", POSITIVE)
def test_stored_zeros_pass_through_weights_of_terms(name: str):
    x = rows(np.abs(NUMBERS))
    assert_alike(pipeline(POSITIVE[name]).fit(x, TARGET), x)


@pytest.mark.parametrize("step", [DictVectorizer(), FeatureHasher(4), make_pipeline(DictVectorizer(), STEPS["two"])])
def test_dictionaries_store_zeros(step: Any):
    assert_alike(pipeline(step).fit(DICTIONARIES, TARGET), DICTIONARIES)


@pytest.mark.parametrize(
    "options",
    [{}, {"norm": None}, {"norm": None, "binary": True}, {"norm": "l1", "ngram_range": (1, 2)}, {"dtype": np.float32}],
)
def test_terms_that_cancel_are_stored_zeros(options: dict[str, Any]):
    step = HashingVectorizer(n_features=16, **options)
    counts = HashingVectorizer(n_features=16, norm=None).transform(DOCUMENTS)
    assert (counts.data == 0).any()
    target = (counts.toarray()[:, 0] > 0).astype(int)
    assert_alike(pipeline(step).fit(DOCUMENTS, target), DOCUMENTS)
    assert_alike(pipeline(make_pipeline(step, TfidfTransformer())).fit(DOCUMENTS, target), DOCUMENTS)


def test_counts_store_no_zeros():
    assert_alike(pipeline(TfidfVectorizer()).fit(DOCUMENTS, TARGET), DOCUMENTS)


def test_the_last_of_repeated_names_counts():
    """XGBoost is trained on rows without repeated names, because it rejects most others."""
    once = [{"tags": ["x", "y", "z"][i % 3 :], "n": float(i % 5)} for i in range(200)]
    model = pipeline(DictVectorizer()).fit(once, [("x" in row["tags"]) ^ (row["n"] > 2) for row in once])
    assert_alike(model, [{"tags": list(DICE.choice(["x", "y", "z"], i % 6)), "n": float(i % 5)} for i in range(200)])


REFUSED = [
    preprocessing.Binarizer(),
    preprocessing.PolynomialFeatures(2),
    SparseRandomProjection(4, random_state=0),
]


@pytest.mark.parametrize("step", REFUSED)
def test_steps_served_only_on_dense_rows_reject_sparse_rows(step: Any):
    model = pipeline(step).fit(rows(), TARGET)
    with pytest.raises(
        InputError, match=r"pipeline.xgbclassifier distinguishes a stored zero .* or pass X.toarray\(\)"
    ):
        pretzel.compile(model).predict_proba(rows())


def test_definitions_for_dense_rows_reject_sparse_rows_unless_the_model_is_alone():
    model = pipeline(preprocessing.MaxAbsScaler()).fit(rows(), TARGET)
    with pytest.raises(InputError, match="export it with a sparse sample"):
        Predictor(pretzel.export(model)).predict_proba(rows())
    assert_alike(model, rows(), Predictor(pretzel.export(model, sample=rows())))
    alone = pipeline(None).fit(rows(), TARGET)
    assert_alike(alone, rows(), Predictor(pretzel.export(alone)))


def test_splines_store_unknown_zeros():
    model = pipeline(preprocessing.SplineTransformer(4, degree=1, sparse_output=True)).fit(NUMBERS, TARGET)
    with pytest.raises(UnsupportedError, match="let that step return dense rows"):
        pretzel.compile(model)


SPARSE_TABLE = pd.DataFrame(np.eye(4)[DICE.integers(0, 4, 200)], columns=list("abcd")).astype(pd.SparseDtype(float, 0))
HOLED = np.where(DICE.random((200, 4)) < 0.3, np.nan, SPARSE_TABLE.sparse.to_dense().to_numpy())
HEAD = xgboost.XGBClassifier(n_estimators=5, max_depth=3)
HANDING: dict[str, Any] = {
    "soft votes": VotingClassifier([("a", HEAD)], voting="soft"),
    "stacked": StackingClassifier([("a", HEAD)]),
    "calibrated": CalibratedClassifierCV(HEAD, cv=3),
    "one versus rest": OneVsRestClassifier(HEAD),
    "function": make_pipeline(preprocessing.FunctionTransformer(np.abs), HEAD),
    "votes of a pipeline": VotingClassifier([("a", make_pipeline(HEAD))], voting="soft"),
}
CONVERTING: dict[str, Any] = {
    "alone": HEAD,
    "bagged": BaggingClassifier(HEAD, 3),
    "scaled": VotingClassifier([("a", make_pipeline(preprocessing.MaxAbsScaler(), HEAD))], voting="soft"),
}


@pytest.mark.parametrize("name", HANDING)
def test_tables_of_sparse_columns_are_rejected_where_they_are_given_on(name: str):
    model = clone(HANDING[name]).fit(HOLED, TARGET)
    predictor, want = pretzel.compile(model), model.predict_proba(SPARSE_TABLE)
    with pytest.raises(InputError, match="a table of sparse columns, which the library gives unconverted to"):
        predictor.predict_proba(SPARSE_TABLE)
    np.testing.assert_allclose(predictor.predict_proba(SPARSE_TABLE.sparse.to_dense()), want, rtol=1e-5)
    stored = SPARSE_TABLE.sparse.to_coo().tocsr()
    assert_alike(model, stored)
    assert (model.predict_proba(stored) != want).any(), "this table does not distinguish stored zeros"


@pytest.mark.parametrize("name", CONVERTING)
def test_tables_of_sparse_columns_are_read_where_they_are_converted(name: str):
    assert_alike(clone(CONVERTING[name]).fit(HOLED, TARGET), SPARSE_TABLE)
