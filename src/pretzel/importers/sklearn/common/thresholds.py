"""Estimators whose thresholds are values of training rows, so that the last bit of a value may change the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble, naive_bayes, preprocessing, tree

from pretzel.importers.rounding import reads_thresholds

JUMPS = frozenset({"ceil", "fix", "floor", "rint", "round", "sign", "trunc"})


def _bins_unevenly(estimator: Any) -> bool:
    """Return whether bin edges are values of training rows rather than evenly spaced between two of them."""
    bins = getattr(estimator, "bin_edges_", ())  # missing before it is fitted
    return not all(np.allclose(np.diff(edges), np.ptp(edges) / (len(edges) - 1)) for edges in bins)


reads_thresholds(
    ensemble.HistGradientBoostingClassifier,
    ensemble.HistGradientBoostingRegressor,
    preprocessing.QuantileTransformer,
)


def _is_of_floats(encoder: Any) -> bool:
    """Return whether an encoder compares fractions with categories; rounding leaves whole numbers as they are."""
    learned = [np.asarray(values) for values in getattr(encoder, "categories_", ())]
    return any(values.dtype.kind == "f" and (values != np.rint(values)).any() for values in learned)


def _steps(transformer: Any) -> bool:
    """Return whether a function jumps between the values of its argument."""
    return getattr(transformer.func, "__name__", "") in JUMPS


reads_thresholds(preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder, compares=_is_of_floats)
reads_thresholds(preprocessing.TargetEncoder, compares=_is_of_floats)
reads_thresholds(preprocessing.FunctionTransformer, compares=_steps)
reads_thresholds(naive_bayes.CategoricalNB)
reads_thresholds(preprocessing.Binarizer, of_sums=True)
reads_thresholds(naive_bayes.BernoulliNB, compares=lambda model: model.binarize is not None, of_sums=True)
reads_thresholds(preprocessing.KBinsDiscretizer, compares=_bins_unevenly)
reads_thresholds(
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
    ensemble.GradientBoostingClassifier,
    ensemble.GradientBoostingRegressor,
    ensemble.IsolationForest,
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
    ensemble.RandomTreesEmbedding,
    tree.DecisionTreeClassifier,
    tree.DecisionTreeRegressor,
    tree.ExtraTreeClassifier,
    tree.ExtraTreeRegressor,
    single=True,
)
