"""Methods that are not served although others are: the report and the errors contain reason and remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid, RadiusNeighborsClassifier
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
TARGETS = np.column_stack([RNG.integers(0, 3, 80), RNG.integers(5, 7, 80)])
FAR = np.vstack([X[:20], [[99.0, 99.0, 99.0]]])


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(4),
        KNeighborsClassifier(4, weights="distance"),
        KNeighborsClassifier(3, algorithm="brute"),
        RadiusNeighborsClassifier(1.2, outlier_label=9),
        RadiusNeighborsClassifier(1.2, outlier_label=[1, 6]),
        RadiusNeighborsClassifier(1.2, weights="distance", outlier_label="most_frequent"),
        RadiusNeighborsClassifier(1.2, algorithm="brute", outlier_label=[1, 6]),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Outlier label")
def test_probabilities_of_neighbours_for_several_targets_are_a_list(model: Any) -> None:
    predictor = pretzel.compile(model.fit(X, TARGETS))
    for rows in (X, FAR) if isinstance(model, RadiusNeighborsClassifier) else (X, FAR[:20]):
        want, got = model.predict_proba(rows), predictor.predict_proba(rows)
        assert isinstance(got, list) and len(got) == len(want) == 2
        for one, other in zip(got, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
        np.testing.assert_array_equal(predictor.predict(rows), model.predict(rows))
    assert_serves(model, X, sample=X)


LEFT_OUT: dict[str, tuple[Any, str]] = {
    "float32": (PCA(2).fit(X.astype("f4")), "rounding decides the library's answer"),
    "behind a step": (make_pipeline(StandardScaler(), PCA(2)).fit(X.astype("f4")), "rounding decides"),
    "random": (BernoulliRBM(2, n_iter=1).fit(np.abs(X) % 1), "flips a random unit"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_method_that_is_left_out_is_explained(name: str) -> None:
    model, reason = LEFT_OUT[name]
    report, predictor = pretzel.check(model), pretzel.compile(model)
    assert report.ok and list(report.left_out) == ["score_samples"] and reason in report.left_out["score_samples"]
    assert f"not served: score_samples: {report.left_out['score_samples']}" in str(report)
    assert report.as_map()["left_out"] == dict(report.left_out)
    with pytest.raises(AttributeError, match=f"no 'score_samples'; it has transform; score_samples is not .*{reason}"):
        predictor.score_samples(X)


def test_one_vs_one_classifiers_leave_out_probabilities() -> None:
    model = GaussianProcessClassifier(multi_class="one_vs_one").fit(X, TARGETS[:, 0])
    with pytest.raises(ValueError, match="one_vs_one"):
        model.predict_proba(X)
    assert "predict_proba" in pretzel.check(model).left_out


def test_nothing_is_reported_if_all_is_served() -> None:
    for model in (PCA(2).fit(X), FactorAnalysis(2).fit(X)):
        assert not pretzel.check(model).left_out and "score_samples" in export(model).outputs


def test_a_method_that_is_not_served_for_sparse_rows_is_explained() -> None:
    stored = sparse.csr_matrix(abs(X))
    predictor = pretzel.compile(NearestCentroid().fit(stored, TARGETS[:, 0]))
    assert predictor.predict(stored).shape == (80,)
    with pytest.raises(InputError, match="predict_proba is not served: the input is sparse; give it dense rows"):
        predictor.predict_proba(stored)
