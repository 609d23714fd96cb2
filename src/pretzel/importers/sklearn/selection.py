"""Feature selection of every kind: the columns that the selector kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import feature_selection
from sklearn.utils import get_tags

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.matrices import checked
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.parts import method_of

DELEGATED = ("predict", "predict_proba", "predict_log_proba", "decision_function")


@imports(
    feature_selection.GenericUnivariateSelect,
    feature_selection.SelectFdr,
    feature_selection.SelectFpr,
    feature_selection.SelectFromModel,
    feature_selection.SelectFwe,
    feature_selection.SelectKBest,
    feature_selection.SelectPercentile,
    feature_selection.SequentialFeatureSelector,
    feature_selection.VarianceThreshold,
)
def selector(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X[:, get_support()]``."""
    return {"transform": _selected(estimator, x)}


@imports(feature_selection.RFE, feature_selection.RFECV)
def eliminator(estimator: Any, x: Columns, step: Step) -> Methods:
    """The columns kept, and what the estimator fitted on them answers."""
    kept = _selected(estimator, x)
    methods = step.enter("estimator", estimator.estimator_, Columns.of(kept))
    return {name: node for name, node in methods.items() if method_of(name) in DELEGATED} | {"transform": kept}


def _selected(estimator: Any, x: Columns) -> Node:
    allow_nan = get_tags(estimator).input_tags.allow_nan  # then nothing is looked at, infinities neither
    node = x.numbers() if allow_nan else checked(x, estimator)
    kept = np.flatnonzero(estimator.get_support()).astype(np.int64)
    return ops.Select(node, Parameter.of(kept))
