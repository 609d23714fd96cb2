"""Neighbours, over a few random numbers; those of equal distance have equal targets."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import neighbors

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(12)
X = _random.normal(size=(70, 4))
SPARSE = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0.0))
CLASSES = np.digitize(X[:, 0] + 0.5 * _random.normal(size=70), [-0.5, 0.5]) * 10
NAMES = np.where(CLASSES > 0, "far", "near")
VALUES = X[:, 0] * 3 + _random.normal(size=70)
PAIRS = np.column_stack([VALUES, VALUES**2])
OTHER = X + 0.3 * _random.normal(size=X.shape)
FAR = np.where(np.arange(70)[:, None] < 3, 50.0, OTHER)


def squared(distances: Any) -> Any:
    """Compute weights by Python code, which is not served."""
    return distances**2


METRIC: dict[str, Any] = {
    "algorithm": HARMLESS,
    "leaf_size": HARMLESS,
    "metric": ["manhattan", "chebyshev", "canberra", "braycurtis", "cosine", "l1", "correlation"],
    "metric_params": [({"w": np.array([1.0, 2.0, 3.0, 4.0])}, {})],
    "p": [1, 3, 1.5, np.inf],
}
NEAREST: dict[str, Any] = METRIC | {"n_neighbors": [1, 9], "weights": ["distance", squared]}
RADIUS: dict[str, Any] = METRIC | {"radius": [2.5], "weights": ["distance", squared], "metric": ["manhattan", "cosine"]}
GRAPH: dict[str, Any] = METRIC | {"n_neighbors": [1, 9], "mode": ["connectivity"]}


def _of(kind: type, x: Any, y: Any = None, rows: Any = OTHER, **options: Any) -> Any:
    return fitting(kind, x, y, rows=rows, **options)


EXAMPLES = [
    Example(neighbors.KNeighborsClassifier, _of(neighbors.KNeighborsClassifier, X, CLASSES), NEAREST),
    Example(neighbors.KNeighborsClassifier, _of(neighbors.KNeighborsClassifier, X, NAMES, weights="distance")),
    Example(neighbors.KNeighborsClassifier, _of(neighbors.KNeighborsClassifier, SPARSE, NAMES, SPARSE)),
    Example(
        neighbors.KNeighborsClassifier,
        _of(neighbors.KNeighborsClassifier, X, np.column_stack([CLASSES, CLASSES > 0]), algorithm="brute"),
    ),
    Example(neighbors.KNeighborsRegressor, _of(neighbors.KNeighborsRegressor, X, VALUES), NEAREST),
    Example(neighbors.KNeighborsRegressor, _of(neighbors.KNeighborsRegressor, X, PAIRS, weights="distance")),
    Example(
        neighbors.KNeighborsRegressor, _of(neighbors.KNeighborsRegressor, X.astype("f4"), VALUES, OTHER.astype("f4"))
    ),
    Example(neighbors.KNeighborsRegressor, _of(neighbors.KNeighborsRegressor, X, CLASSES, algorithm="ball_tree")),
    Example(neighbors.KNeighborsTransformer, _of(neighbors.KNeighborsTransformer, X), GRAPH),
    Example(
        neighbors.RadiusNeighborsClassifier,
        _of(neighbors.RadiusNeighborsClassifier, X, CLASSES, FAR, radius=1.5, outlier_label=10),
        RADIUS | {"outlier_label": [0, "most_frequent", 77]},
    ),
    Example(
        neighbors.RadiusNeighborsClassifier,
        _of(neighbors.RadiusNeighborsClassifier, X, CLASSES, FAR, radius=1.5, outlier_label=10, weights="distance"),
    ),
    Example(
        neighbors.RadiusNeighborsRegressor, _of(neighbors.RadiusNeighborsRegressor, X, VALUES, FAR, radius=1.5), RADIUS
    ),
    Example(
        neighbors.RadiusNeighborsTransformer,
        _of(neighbors.RadiusNeighborsTransformer, X, None, FAR, radius=1.5),
        METRIC | {"radius": [2.5], "mode": ["connectivity"], "metric": ["manhattan", "cosine"]},
    ),
    Example(neighbors.RadiusNeighborsRegressor, _of(neighbors.RadiusNeighborsRegressor, X, PAIRS, weights="distance")),
    Example(
        neighbors.NearestCentroid,
        _of(neighbors.NearestCentroid, X, CLASSES),
        {"metric": ["manhattan"], "shrink_threshold": [0.5], "priors": ["empirical", [0.1, 0.2, 0.7]]},
    ),
    Example(neighbors.NearestCentroid, _of(neighbors.NearestCentroid, X, NAMES, metric="manhattan", priors=[0.2, 0.8])),
    Example(neighbors.NearestCentroid, _of(neighbors.NearestCentroid, X, NAMES, priors=[0.2, 0.8])),
    Example(
        neighbors.NeighborhoodComponentsAnalysis,
        _of(neighbors.NeighborhoodComponentsAnalysis, X, CLASSES, max_iter=5),
        {"n_components": [2], "init": ["pca", X[:3]], "callback": FIT_ONLY},
    ),
]
