"""Estimators whose results rounding errors make or decide, each next to one whose results they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from category_encoders import OrdinalEncoder
from feature_engine.discretisation import EqualFrequencyDiscretiser, EqualWidthDiscretiser
from feature_engine.transformation import ArcSinhTransformer
from sklearn import neighbors
from sklearn.decomposition import PCA, FastICA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import IsolationForest
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, Normalizer, OneHotEncoder, StandardScaler

from pretzel.importers import differences
from pretzel.importers.differences import Difference
from tests.importers.differing import GRID, X, Y, forest, nystroem

DUMMIES = np.eye(3)[np.random.default_rng(6).integers(0, 3, 300)]
SPREAD = np.float32(abs(X) * [40, 30_000, 1])
FROM_SINGLES = (FunctionTransformer(np.float32),)


def named(rows: Any) -> pd.DataFrame:
    """Return a table of named columns, which feature_engine requires."""
    return pd.DataFrame(rows, columns=[f"c{i}" for i in range(rows.shape[1])])


CASES: dict[str, tuple[Difference, Callable[[], Any], Callable[[], Any]]] = {
    "categories of roots": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.cbrt), OneHotEncoder()).fit(GRID),
        lambda: make_pipeline(FunctionTransformer(np.sqrt), OneHotEncoder()).fit(GRID),
    ),
    "categories of roots in a table": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.cbrt), OrdinalEncoder(cols=[0])).fit(pd.DataFrame(GRID)),
        lambda: make_pipeline(FunctionTransformer(np.sqrt), OrdinalEncoder(cols=[0])).fit(pd.DataFrame(GRID)),
    ),
    "intervals of roots in a table": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(ArcSinhTransformer(), EqualFrequencyDiscretiser(q=3)).fit(named(X)),
        lambda: make_pipeline(ArcSinhTransformer(), EqualWidthDiscretiser(bins=3)).fit(named(X)),
    ),
    "steps of roots": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.cbrt), FunctionTransformer(np.floor)).fit(X),
        lambda: make_pipeline(FunctionTransformer(np.sqrt), FunctionTransformer(np.floor)).fit(abs(X)),
    ),
    "signs of sums": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PCA(2), Binarizer()).fit(X),
        lambda: make_pipeline(FunctionTransformer(np.cbrt), Binarizer()).fit(X),
    ),
    "whitened dummies": (
        differences.ROUNDED_DIRECTIONS,
        lambda: PCA(whiten=True).fit(DUMMIES),
        lambda: PCA(whiten=True).fit(DUMMIES[:, 1:]),
    ),
    "separated dummies": (
        differences.ROUNDED_DIRECTIONS,
        lambda: FastICA(random_state=0).fit(DUMMIES),
        lambda: FastICA(random_state=0).fit(X),
    ),
    "scaled sums": (
        differences.ROUNDED_DIRECTIONS,
        lambda: make_pipeline(PCA(), StandardScaler()).fit(DUMMIES),
        lambda: make_pipeline(PCA(2), StandardScaler()).fit(DUMMIES),
    ),
    "discriminated constants": (
        differences.ROUNDED_DIRECTIONS,
        lambda: LinearDiscriminantAnalysis().fit(np.c_[X[:80], np.full(80, 0.1)], Y[:80]),
        lambda: LinearDiscriminantAnalysis().fit(X, Y),
    ),
    "scaled norms of float32": (
        differences.ROUNDED_SINGLES,
        lambda: make_pipeline(*FROM_SINGLES, Normalizer(), StandardScaler()).fit(SPREAD),
        lambda: make_pipeline(*FROM_SINGLES, StandardScaler(), Normalizer(), StandardScaler()).fit(SPREAD),
    ),
    "rounded neighbours": (
        differences.ROUNDED_RANKS,
        lambda: make_pipeline(PCA(2), neighbors.KNeighborsClassifier(algorithm="kd_tree")).fit(GRID, Y),
        lambda: make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier(algorithm="kd_tree")).fit(GRID, Y),
    ),
    "rounded radius": (
        differences.ROUNDED_RIM,
        lambda: make_pipeline(PCA(), neighbors.RadiusNeighborsRegressor(0.1, algorithm="kd_tree")).fit(GRID, X[:, 0]),
        lambda: make_pipeline(PCA(), neighbors.RadiusNeighborsRegressor(0.15, algorithm="kd_tree")).fit(GRID, X[:, 0]),
    ),
    "cosines in float32": (
        differences.ROUNDED_WAVES,
        lambda: make_pipeline(*FROM_SINGLES, RBFSampler(random_state=0)).fit(SPREAD),
        lambda: RBFSampler(random_state=0).fit(X),
    ),
    "zeros of count sketches": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PolynomialCountSketch(random_state=0), forest()).fit(GRID, Y),
        lambda: make_pipeline(PCA(2), forest()).fit(GRID, Y),
    ),
    "isolated noise of float32": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(*FROM_SINGLES, PCA(2), IsolationForest(n_estimators=2, random_state=0)).fit(SPREAD),
        lambda: make_pipeline(PCA(2), IsolationForest(n_estimators=2, random_state=0)).fit(X),
    ),
    "kernels that cancel in one column": (
        differences.ROUNDED_WEIGHTS,
        lambda: KernelRidge(alpha=1e-15).fit(X * 1e6, np.c_[Y, X[:, 0] ** 2]),
        lambda: KernelRidge().fit(X, np.c_[Y, X[:, 0] ** 2]),
    ),
    "times in kernels": (
        differences.ROUNDED_DISTANCES,
        lambda: nystroem("rbf").fit(X * 1e7),
        lambda: nystroem("laplacian").fit(X * 1e7),
    ),
}
