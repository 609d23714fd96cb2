"""Support vector machines against scikit-learn: votes and ties, probabilities, rows that are support vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn import svm

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.compare import assert_served

_random = np.random.default_rng(3)
X = _random.normal(size=(80, 5))
FIVE = _random.integers(0, 5, 80)
CLASSIFIED = {"predict", "decision_function"}
LIKELY = {*CLASSIFIED, "predict_proba", "predict_log_proba"}


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
@pytest.mark.parametrize("classes", [2, 5])
def test_svc(kernel: str, shape: str, classes: int) -> None:
    model = svm.SVC(kernel=kernel, decision_function_shape=shape, probability=True, random_state=0)
    assert_served(model.fit(X, FIVE % classes), X, methods=LIKELY)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
def test_sparse_rows(kernel: str) -> None:
    x = sparse.random(90, 40, 0.2, "csr", random_state=0)
    model = svm.SVC(kernel=kernel, probability=True, random_state=0).fit(x, np.arange(90) % 3)
    assert_served(model, x, methods=LIKELY)


@settings(max_examples=25, deadline=None)
@given(
    kernel=st.sampled_from(["linear", "poly", "rbf", "sigmoid"]),
    kind=st.sampled_from([svm.SVR, svm.NuSVR, svm.OneClassSVM]),
    options=st.fixed_dictionaries(
        {"degree": st.integers(0, 5), "coef0": st.floats(-1, 1), "gamma": st.floats(1e-3, 2) | st.just("auto")}
    ),
    size=st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_one_value_per_row(kernel: str, kind: Any, options: dict[str, Any], size: float) -> None:
    x = X[:30] * size
    model = kind(kernel=kernel, max_iter=200, **options).fit(x, x[:, 0] + FIVE[:30])
    assert_served(model, x)


def test_equal_votes_go_to_the_first_class() -> None:
    angles = np.arange(3) * 2 * np.pi / 3
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    model = svm.SVC(kernel="linear").fit(x, ["a", "b", "c"])
    # The pairs vote in a cycle: one vote for each class.
    model._intercept_[:] = [5.0, -5.0, 5.0]
    assert_served(model, np.zeros((3, 2)), methods=CLASSIFIED)


def test_a_score_of_zero_votes_for_the_second_class() -> None:
    model = svm.SVC(kernel="linear").fit([[-1.0], [1.0]], [0, 1])
    assert model.decision_function([[0.0]]) == 0
    assert_served(model, np.array([[0.0], [0.5], [-0.5]]))


def test_rows_that_are_support_vectors_far_from_zero() -> None:
    x = X + 1e6
    assert_served(svm.SVR(gamma=0.5).fit(x, X[:, 0]), x, methods={"predict"})


def test_no_support_vector_at_all() -> None:
    model = svm.SVR(epsilon=10.0).fit(X, X[:, 0])
    assert len(model.support_) == 0
    assert_served(model, X, methods={"predict"})


def test_probabilities_of_a_certain_model() -> None:
    x = np.repeat([[-1.0], [1.0], [3.0]], 10, axis=0)
    model = svm.SVC(probability=True, random_state=0).fit(x, np.repeat(["a", "b", "c"], 10))
    assert_served(model, np.array([[-1.0], [1.0], [3.0], [1e9], [-1e9], [2.0]]), methods=LIKELY)


def test_sparse_rows_for_a_model_of_dense_ones() -> None:
    model = svm.SVC().fit(X, FIVE)
    with pytest.raises(UnsupportedError, match="fitted on dense rows"):
        export(model, sample=sparse.csr_array(X))


def test_a_matrix_of_kernels_is_refused() -> None:
    model = svm.SVC(kernel="precomputed").fit(X @ X.T, FIVE)
    with pytest.raises(UnsupportedError, match="kernel='precomputed'"):
        export(model)
