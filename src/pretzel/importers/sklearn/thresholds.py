"""Estimators that compare with values of training rows, so that the last bit of a value may decide their answer."""

from __future__ import annotations

from typing import Any

from sklearn import ensemble, preprocessing, tree

from pretzel.importers.rounding import reads_thresholds


def _bins_by_quantiles(estimator: Any) -> bool:
    return bool(estimator.strategy == "quantile")


reads_thresholds(
    ensemble.HistGradientBoostingClassifier,
    ensemble.HistGradientBoostingRegressor,
    preprocessing.QuantileTransformer,
)
reads_thresholds(preprocessing.KBinsDiscretizer, compares=_bins_by_quantiles)
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
