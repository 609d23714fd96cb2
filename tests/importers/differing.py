"""Estimators whose answers may differ from the library's, each next to one whose answers may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import cluster, kernel_approximation, mixture, neighbors
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA, LatentDirichletAllocation
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    KernelCenterer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

from pretzel.importers import differences
from pretzel.importers.differences import Difference

_random = np.random.default_rng(5)
X = _random.normal(size=(300, 3))
GRID = _random.integers(0, 4, (300, 3)) * 0.1
WHOLE = _random.integers(0, 4, (300, 3)) * 1.0
FAR = X + 1e6
Y = (X[:, 0] > 0).astype(int)
MIRRORED = np.concatenate([rows * sign for rows in (abs(X[:30]), X[30:40]) for sign in ([1, 1, 1], [-1, 1, 1])])
CORNERS, THREE = np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 5.0]]), [0, 1, 2]
SIDES = np.repeat([0, 1, 2], [30, 30, 20])
HOLED = np.where(_random.random(X.shape) < 0.2, np.nan, GRID)


def _calibrated(scale: float) -> Any:
    """Return sigmoids of scores this small: the slopes are as large."""
    model = CalibratedClassifierCV(LogisticRegression(), cv=3).fit(X, Y)
    for fold in model.calibrated_classifiers_:
        fold.calibrators[0].a_ *= scale
    return model


def _isotonic(of: Any) -> Any:
    return CalibratedClassifierCV(of, method="isotonic", cv=3)


def nystroem(name: str) -> Any:
    return kernel_approximation.Nystroem(kernel=name, n_components=10, random_state=0)


def _process(alpha: float) -> Any:
    return GaussianProcessRegressor(DotProduct() ** 2, alpha=alpha, optimizer=None)


def forest() -> Any:
    return RandomForestClassifier(2, random_state=0)


KNN = neighbors.KNeighborsClassifier
CASES: dict[str, tuple[Difference, Callable[[], Any], Callable[[], Any]]] = {
    "imputed": (differences.IMPUTED_TIES, lambda: KNNImputer().fit(HOLED), lambda: KNNImputer().fit(X)),
    "all donors": (
        differences.IMPUTED_TIES,
        lambda: KNNImputer(n_neighbors=5).fit(HOLED),
        lambda: KNNImputer(n_neighbors=300).fit(HOLED),
    ),
    "cosine": (
        differences.SORTED_TIES,
        lambda: KNN(metric="cosine").fit(WHOLE, Y),
        lambda: KNN(metric="cosine", n_neighbors=len(X)).fit(X, Y),
    ),
    "zeros": (
        differences.EQUALLY_FAR,
        lambda: KNN(metric="cosine").fit(X, Y),
        lambda: KNN(metric="euclidean").fit(X, Y),
    ),
    "new values": (
        differences.EQUALLY_FAR,
        lambda: KNN(algorithm="brute", metric="hamming").fit(X, Y),
        lambda: KNN(algorithm="ball_tree", metric="hamming").fit(X, Y),
    ),
    "zeros, threads": (
        differences.EQUALLY_FAR,
        lambda: KNN(algorithm="brute", metric="canberra").fit(X, Y),
        lambda: KNN(algorithm="brute", metric="canberra").fit(X[:256], Y[:256]),
    ),
    "sparse": (
        differences.SORTED_TIES,
        lambda: KNN().fit(sparse.csr_array(WHOLE), Y),
        lambda: KNN().fit(WHOLE, Y),
    ),
    "sparse, no products": (
        differences.SORTED_TIES,
        lambda: KNN(metric="manhattan").fit(sparse.csr_array(WHOLE), Y),
        lambda: KNN(metric="manhattan").fit(WHOLE, Y),
    ),
    "sparse, weighed by distance": (
        differences.SORTED_TIES,
        lambda: KNN(metric="l1", weights="distance").fit(sparse.csr_array(WHOLE), Y),
        lambda: KNN(metric="l1", weights="distance").fit(WHOLE, Y),
    ),
    "integers": (
        differences.SORTED_TIES,
        lambda: KNN(algorithm="brute").fit(WHOLE.astype(int), Y),
        lambda: KNN(algorithm="kd_tree").fit(WHOLE.astype(int), Y),
    ),
    "threads": (
        differences.SHARED_TIES,
        lambda: KNN(algorithm="brute").fit(WHOLE, Y),
        lambda: KNN(algorithm="brute").fit(WHOLE[:256], Y[:256]),
    ),
    "embedded": (
        differences.SHARED_TIES,
        lambda: Isomap(neighbors_algorithm="brute").fit(np.concatenate([X[:150]] * 2)),
        lambda: Isomap(neighbors_algorithm="brute").fit(X),
    ),
    "few rows": (
        differences.ROUNDED_NEIGHBORS,
        lambda: KNN(algorithm="brute").fit(GRID[:200], Y[:200]),
        lambda: KNN(algorithm="brute").fit(WHOLE[:200], Y[:200]),
    ),
    "few rows, of which it asks": (
        differences.ROUNDED_NEIGHBORS,
        lambda: neighbors.LocalOutlierFactor(algorithm="brute", novelty=True).fit(GRID[:200]),
        lambda: neighbors.LocalOutlierFactor(algorithm="kd_tree", novelty=True).fit(GRID[:200]),
    ),
    "few rows, no products": (
        differences.ROUNDED_NEIGHBORS,
        lambda: neighbors.KNeighborsTransformer(algorithm="brute").fit(GRID[:200]),
        lambda: neighbors.KNeighborsTransformer(algorithm="brute", metric="manhattan").fit(GRID[:200]),
    ),
    "far rows": (
        differences.ROUNDED_DISTANCES,
        lambda: KNN(algorithm="brute").fit(FAR, Y),
        lambda: KNN(algorithm="kd_tree").fit(FAR, Y),
    ),
    "far kernels": (differences.ROUNDED_DISTANCES, lambda: SVC().fit(FAR, Y), lambda: SVC().fit(X, Y)),
    "far centers": (
        differences.ROUNDED_DISTANCES,
        lambda: cluster.KMeans(3, n_init=1).fit(FAR),
        lambda: cluster.KMeans(3, n_init=1).fit(X),
    ),
    "equal rows": (
        differences.ROUNDED_ZEROS,
        lambda: KNN(algorithm="brute", weights="distance").fit(X, Y),
        lambda: KNN(algorithm="brute").fit(X, Y),
    ),
    "distances of equal rows": (
        differences.ROUNDED_ZEROS,
        lambda: neighbors.KNeighborsTransformer(algorithm="brute").fit(X),
        lambda: neighbors.KNeighborsTransformer(algorithm="brute", mode="connectivity").fit(X),
    ),
    "equal whole rows": (
        differences.ROUNDED_ZEROS,
        lambda: KNNImputer(weights="distance").fit(X),
        lambda: KNNImputer(weights="distance").fit(WHOLE),
    ),
    "exemplars": (
        differences.ROUNDED_TIES,
        lambda: cluster.AffinityPropagation(random_state=0).fit(GRID[:60]),
        lambda: cluster.AffinityPropagation(random_state=0).fit(X[:60]),
    ),
    "rows on centers": (
        differences.ROUNDED_ORIGINS,
        lambda: cluster.Birch(threshold=0.2).fit(X),
        lambda: cluster.Birch(threshold=9.0, n_clusters=None).fit(X),
    ),
    "radius": (
        differences.ROUNDED_RIM,
        lambda: neighbors.RadiusNeighborsRegressor(0.2, algorithm="brute").fit(GRID, X[:, 0]),
        lambda: neighbors.RadiusNeighborsRegressor(0.2, algorithm="kd_tree").fit(GRID, X[:, 0]),
    ),
    "waves": (
        differences.ROUNDED_WAVES,
        lambda: kernel_approximation.RBFSampler(gamma=1e14).fit(X),
        lambda: kernel_approximation.RBFSampler().fit(X),
    ),
    "mixture": (
        differences.ROUNDED_SHARES,
        lambda: mixture.GaussianMixture(2, covariance_type="diag").fit(FAR),
        lambda: mixture.GaussianMixture(2, covariance_type="diag").fit(X),
    ),
    "centered": (
        differences.ROUNDED_SHARES,
        lambda: KernelCenterer().fit(X[:9] @ X[:9].T + 1e12),
        lambda: KernelCenterer().fit(X[:9] @ X[:9].T),
    ),
    "bins of logarithms": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.exp), KBinsDiscretizer(quantile_method="linear")).fit(X),
        lambda: make_pipeline(FunctionTransformer(np.sqrt), KBinsDiscretizer(quantile_method="linear")).fit(abs(X)),
    ),
    "quantiles of powers": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PowerTransformer(), QuantileTransformer(n_quantiles=9)).fit(X),
        lambda: make_pipeline(StandardScaler(), QuantileTransformer(n_quantiles=9)).fit(X),
    ),
    "histograms of products": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PCA(2), HistGradientBoostingClassifier(max_iter=2)).fit(X, Y),
        lambda: make_pipeline(PCA(2), forest()).fit(X, Y),
    ),
    "forests of single products": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.float32), FunctionTransformer(np.tanh), forest()).fit(X, Y),
        lambda: make_pipeline(FunctionTransformer(np.float32), StandardScaler(), forest()).fit(X, Y),
    ),
    "sigmoids": (differences.STEEP_SIGMOIDS, lambda: _calibrated(1e9), lambda: _calibrated(1.0)),
    "isotonic curves": (
        differences.STEEP_CURVES,
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(LogisticRegression())).fit(X.astype("f4"), Y),
        lambda: _isotonic(LogisticRegression()).fit(X, Y),
    ),
    "isotonic curves over leaves": (
        differences.STEEP_CURVES,
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(GaussianNB())).fit(X.astype("f4"), Y),
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(forest())).fit(X.astype("f4"), Y),
    ),
    "mirrored classes": (
        differences.ROUNDED_VOTES,
        lambda: SVC().fit(MIRRORED, SIDES),
        lambda: SVC(decision_function_shape="ovo").fit(MIRRORED, SIDES),
    ),
    "votes": (differences.ROUNDED_VOTES, lambda: SVC().fit(MIRRORED, SIDES), lambda: SVC().fit(X[:80], SIDES)),
    "votes near the origin": (
        differences.ROUNDED_VOTES,
        lambda: SVC(kernel="linear").fit(CORNERS, THREE),
        lambda: SVC(kernel="linear", decision_function_shape="ovo").fit(CORNERS, THREE),
    ),
    "votes of classifiers": (
        differences.ROUNDED_VOTES,
        lambda: OneVsOneClassifier(SVC(kernel="linear")).fit(CORNERS, THREE),
        lambda: OneVsOneClassifier(LogisticRegression()).fit(X[:80], SIDES),
    ),
    "votes of linear classifiers": (
        differences.ROUNDED_VOTES,
        lambda: OneVsOneClassifier(LogisticRegression(fit_intercept=False)).fit(MIRRORED, SIDES),
        lambda: OneVsRestClassifier(LogisticRegression(fit_intercept=False)).fit(MIRRORED, SIDES),
    ),
    "singular kernels": (
        differences.ROUNDED_WEIGHTS,
        lambda: make_pipeline(FunctionTransformer(np.float32), nystroem("cosine")).fit(X.astype("f4")),
        lambda: make_pipeline(FunctionTransformer(np.float32), nystroem("rbf")).fit(X.astype("f4")),
    ),
    "singular kernels of float64": (
        differences.ROUNDED_WEIGHTS,
        lambda: make_pipeline(FunctionTransformer(np.float32), _process(1e-3)).fit(X[:60].astype("f4"), Y[:60]),
        lambda: _process(1e-3).fit(X[:60], Y[:60]),
    ),
    "support vectors": (
        differences.ROUNDED_WEIGHTS,
        lambda: SVC(C=1e12, max_iter=100_000).fit([[0.0], [1e-7], [1.0], [1.0000001]], [0, 1, 0, 1]),
        lambda: SVC(C=1e12).fit([[0.0], [1e-2], [1.0], [1.01]], [0, 1, 0, 1]),
    ),
    "powers": (
        differences.ROUNDED_POWERS,
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer()).fit(X + 100),
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer()).fit(X),
    ),
    "large powers": (
        differences.ROUNDED_POWERS,
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer(standardize=False)).fit(X**3 - 100),
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer(standardize=False)).fit(X),
    ),
    "powers of float64": (
        differences.ROUNDED_POWERS,
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer()).fit(X + 100),
        lambda: PowerTransformer().fit(X + 100),
    ),
    "powers of Box and Cox": (
        differences.ROUNDED_POWERS,
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer()).fit(X + 100),
        lambda: make_pipeline(FunctionTransformer(np.float32), PowerTransformer("box-cox")).fit(X + 100),
    ),
    "topics": (
        differences.ROUNDED_TOPICS,
        lambda: LatentDirichletAllocation(3, max_iter=2).fit(WHOLE.astype("f4")),
        lambda: LatentDirichletAllocation(3, max_iter=2).fit(WHOLE),
    ),
}
