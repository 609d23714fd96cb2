"""Neural networks over saturating values, in both types, for one output and several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

X = np.random.default_rng(0).normal(size=(40, 3))
FEW: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
pytestmark = pytest.mark.filterwarnings("ignore")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ACTIVATIONS),
    st.integers(1, 4),
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=12).map(lambda v: v[: len(v) // 3 * 3]),
)
def test_any_row(activation: str, outputs: int, x: list[float]) -> None:
    y = X[:, [0] * outputs] ** 2
    fitted = MLPRegressor(**FEW, activation=activation).fit(X, y if outputs > 1 else y[:, 0])
    rows = np.array(x).reshape(-1, 3)
    assert_serves(fitted, rows, sample=rows, batches=[len(rows)])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_of_far_rows(activation: str, classes: int) -> None:
    y = np.digitize(X[:, 0], np.linspace(-0.5, 0.5, classes - 1))
    fitted = MLPClassifier(**FEW, activation=activation).fit(X, y)
    far = np.concatenate([X, 30 * X])
    with np.errstate(all="ignore"):
        assert_serves(fitted, far, sample=far)


@pytest.mark.parametrize("trained", ["f4", "f8"])
@pytest.mark.parametrize("given_", ["f4", "f8"])
def test_both_types(trained: str, given_: str) -> None:
    fitted = MLPRegressor(**FEW, activation="tanh").fit(X.astype(trained), X[:, 0])
    x = X.astype(given_)
    definition = assert_serves(fitted, x, sample=x)
    assert definition.outputs["predict"].type.dtype == ("f32" if trained == given_ == "f4" else "f64")


def test_a_scaler_in_front_and_no_hidden_layer() -> None:
    fitted = make_pipeline(StandardScaler(), MLPClassifier((), max_iter=20, random_state=0)).fit(X, X[:, 0] > 0)
    assert_serves(fitted, X, sample=X)


def test_units_of_sparse_rows() -> None:
    x = sparse.csr_matrix((X > 0).astype(float))
    assert_serves(BernoulliRBM(4, n_iter=2, random_state=0).fit(x), x, sample=x)


def test_scores_that_are_random_are_not_served() -> None:
    assert set(export(BernoulliRBM(2, n_iter=1).fit(X > 0)).outputs) == {"transform"}


@pytest.mark.parametrize(
    ("y", "message"),
    [(np.zeros(40, int), "one class"), (sparse.csr_matrix(np.stack([X[:, 0] > 0, X[:, 1] > 0], 1) * 1), "sparse")],
    ids=["one class", "sparse target"],
)
def test_what_cannot_be_served_is_said(y: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        export(MLPClassifier(**FEW).fit(X, y), sample=X)


def test_what_is_missing_is_refused() -> None:
    broken = X[:3].copy()
    broken[1, 2] = np.nan
    with pytest.raises(InputError, match="row 1"):
        served(export(MLPRegressor(**FEW).fit(X, X[:, 0]), sample=X), broken)
