"""Results made of rounding errors, or decided by them, are noted wherever they differ from the library's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA, FastICA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem, PolynomialCountSketch
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

import pretzel

RNG = np.random.default_rng(3)
PLAIN = np.round(RNG.normal(size=(80, 2)), 1)
GROUPS = RNG.integers(0, 3, 80)
TABLES = {
    "dummies": np.c_[np.eye(3)[GROUPS], PLAIN],
    "repeated": np.c_[PLAIN, PLAIN * 3 + 1],
    "constant": np.c_[PLAIN, np.full(80, 0.1), GROUPS % 2],
    "grid": RNG.integers(0, 4, (80, 3)) * 1.0,
}
Y = (PLAIN[:, 0] + 0.3 * GROUPS > 0).astype(int)
FIRST = {
    "pca": lambda: PCA(),
    "whitened": lambda: PCA(whiten=True),
    "sketch": lambda: PolynomialCountSketch(n_components=6, random_state=0),
    "nystroem": lambda: Nystroem(n_components=20, random_state=0),
    "root": lambda: FunctionTransformer(np.cbrt),
}
LAST = {
    "standard": StandardScaler,
    "range": MinMaxScaler,
    "size": MaxAbsScaler,
    "quartiles": RobustScaler,
    "signs": Binarizer,
    "bernoulli": BernoulliNB,
    "normal": GaussianNB,
    "cca": lambda: CCA(1),
    "lda": LinearDiscriminantAnalysis,
    "qda": lambda: QuadraticDiscriminantAnalysis(reg_param=0.01),
    "centroid": NearestCentroid,
    "neighbours": lambda: KNeighborsClassifier(3, algorithm="kd_tree"),
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "ordinal": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder,
    "floor": lambda: FunctionTransformer(np.floor),
}


def differs_unnoted(model: Any, rows: np.ndarray) -> list[str]:
    """Return the methods whose answers differ from the library's although nothing was noted."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        predictor = pretzel.compile(model)
    if any(issubclass(one.category, pretzel.AnswersMayDifferWarning) for one in caught):
        return []
    differing = []
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(model, method):
            want, got = getattr(model, method)(rows), getattr(predictor, method)(rows)
            if not np.allclose(got, want, rtol=1e-6, atol=1e-9 * np.abs(want).max()):
                differing.append(method)
    return differing


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("first", FIRST)
def test_what_rounding_makes_is_noted(first: str, last: str) -> None:
    for table in TABLES.values():
        try:
            model = make_pipeline(FIRST[first](), LAST[last]()).fit(table, Y)
        except ValueError:
            continue  # the library refuses to fit this table
        assert not differs_unnoted(model, table)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "make", [LinearDiscriminantAnalysis, lambda: PCA(whiten=True), lambda: FastICA(random_state=0, max_iter=50)]
)
def test_what_rounding_makes_of_one_step_is_noted(make: Any, table: str) -> None:
    assert not differs_unnoted(make().fit(TABLES[table], Y), TABLES[table])


@pytest.mark.filterwarnings("ignore")
def test_rounding_makes_other_answers() -> None:
    """Without the note these answers would differ silently."""
    model = make_pipeline(PCA(), StandardScaler()).fit(TABLES["dummies"])
    rows = TABLES["dummies"]
    largest = np.abs(pretzel.compile(model).transform(rows)[:, -1] - model.transform(rows)[:, -1]).max()
    if largest == 0:
        pytest.skip("the products of this processor's BLAS round to nothing, as the kernels' do")
    assert largest > 0.01
