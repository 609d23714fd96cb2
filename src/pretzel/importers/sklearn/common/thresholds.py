"""Estimators whose thresholds are values of training rows, so that the last bit of a value may change the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble, preprocessing, tree

from pretzel.importers.rounding import reads_thresholds


def _bins_unevenly(estimator: Any) -> bool:
    """Return whether bin edges are values of training rows rather than evenly spaced between two of them."""
    bins = getattr(estimator, "bin_edges_", ())  # missing before it is fitted
    return not all(np.allclose(np.diff(edges), np.ptp(edges) / (len(edges) - 1)) for edges in bins)


reads_thresholds(
    ensemble.HistGradientBoostingClassifier,
    ensemble.HistGradientBoostingRegressor,
    preprocessing.QuantileTransformer,
)
reads_thresholds(preprocessing.KBinsDiscretizer, compares=_bins_unevenly)
reads_thresholds(
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
    ensemble.GradientBoostingClassifier,
    ensemble.GradientBoostingRegressor,
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
    tree.DecisionTreeClassifier,
    tree.DecisionTreeRegressor,
    tree.ExtraTreeClassifier,
    tree.ExtraTreeRegressor,
    single=True,
)
