"""Estimators by neighbours other than votes: imputing, novelty, embeddings, label propagation."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import impute, manifold, neighbors, semi_supervised

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(15)
X = _random.normal(size=(60, 4))
OTHER = _random.normal(size=(40, 4))
HOLED = np.where(_random.random(X.shape) < 0.2, np.nan, X)
HOLED[:, 1] = X[:, 1]
EMPTY = np.column_stack([HOLED, np.full(60, np.nan)])
ASKED = np.where(_random.random(EMPTY.shape) < 0.3, np.nan, _random.normal(size=EMPTY.shape))
LABELS = np.where(_random.random(60) < 0.6, -1, np.digitize(X[:, 0], [-0.5, 0.5]))
METRIC: dict[str, Any] = {
    "algorithm": HARMLESS,
    "leaf_size": HARMLESS,
    "metric": ["manhattan", "cosine", "correlation"],
    "metric_params": [({"w": np.array([1.0, 2.0, 3.0, 4.0])}, {})],
    "p": [1, 3],
}


def squared(distances: Any) -> Any:
    """Compute weights by Python code, which is not served."""
    return distances**2


def close(a: Any, b: Any) -> Any:
    """Compute a kernel by Python code, which is not served."""
    return np.exp(-np.abs(a[:, None] - b).sum(axis=2))


def largest_difference(a: Any, b: Any, **_: Any) -> float:
    """Compute a metric by Python code, which is not served."""
    return float(np.nansum(np.abs(a - b)))


def _imputer(**options: Any) -> tuple[impute.KNNImputer, np.ndarray]:
    """Without NaN for the marker, there is none in X."""
    if "missing_values" in options:
        return impute.KNNImputer(**options).fit(np.nan_to_num(EMPTY)), np.nan_to_num(ASKED)
    return impute.KNNImputer(**options).fit(EMPTY), ASKED


IMPUTER: dict[str, Any] = {
    "missing_values": [0.0],
    "n_neighbors": [1, 100],
    "weights": ["distance", squared],
    "metric": [largest_difference],
    "add_indicator": [True],
    "keep_empty_features": [True],
}
OUTLIERS: dict[str, Any] = METRIC | {"n_neighbors": [1, 100], "contamination": [0.2], "novelty": [False]}
ISOMAP: dict[str, Any] = {
    "n_neighbors": [9],
    "radius": [(2.5, {"n_neighbors": None})],
    "n_components": [3],
    "eigen_solver": FIT_ONLY,
    "path_method": FIT_ONLY,
    "neighbors_algorithm": HARMLESS,
    "metric": ["manhattan", "correlation"],
    "metric_params": [({"w": np.array([1.0, 2.0, 3.0, 4.0])}, {})],
    "p": [1, 3],
}
LINEAR: dict[str, Any] = {
    "n_neighbors": [9],
    "n_components": [3],
    "reg": [0.1],
    "method": ["modified", "ltsa"],
    "eigen_solver": FIT_ONLY,
    "hessian_tol": FIT_ONLY,
    "modified_tol": FIT_ONLY,
    "neighbors_algorithm": HARMLESS,
}
SPREAD: dict[str, Any] = {
    "kernel": ["knn", close],
    "gamma": [2.0],
    "n_neighbors": [(3, {"kernel": "knn"})],
    "alpha": FIT_ONLY,
}
FEW: dict[str, Any] = {"max_iter": 3}


def _of(kind: type, x: Any, *y: Any, rows: Any = OTHER, **options: Any) -> Any:
    return fitting(kind, x, *y, rows=rows, **options)


EXAMPLES = [
    Example(impute.KNNImputer, _imputer, IMPUTER),
    Example(impute.KNNImputer, fitting(impute.KNNImputer, HOLED, weights="distance", n_neighbors=3)),
    Example(neighbors.LocalOutlierFactor, _of(neighbors.LocalOutlierFactor, X, novelty=True), OUTLIERS),
    Example(
        neighbors.LocalOutlierFactor,
        _of(neighbors.LocalOutlierFactor, X.astype("f4"), rows=OTHER.astype("f4"), novelty=True),
    ),
    Example(
        neighbors.LocalOutlierFactor,
        _of(neighbors.LocalOutlierFactor, sparse.csr_array(X), rows=sparse.csr_array(OTHER), novelty=True),
    ),
    Example(manifold.Isomap, _of(manifold.Isomap, X), ISOMAP),
    Example(
        manifold.LocallyLinearEmbedding,
        _of(manifold.LocallyLinearEmbedding, X, eigen_solver="dense", random_state=0),
        LINEAR,
    ),
    Example(semi_supervised.LabelPropagation, _of(semi_supervised.LabelPropagation, X, LABELS, **FEW), SPREAD),
    Example(semi_supervised.LabelSpreading, _of(semi_supervised.LabelSpreading, X, LABELS, **FEW), SPREAD),
    Example(semi_supervised.LabelSpreading, _of(semi_supervised.LabelSpreading, X, LABELS, kernel="knn", **FEW)),
]
