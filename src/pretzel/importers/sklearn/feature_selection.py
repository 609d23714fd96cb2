"""Feature selection of every kind: the columns that the selector kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import feature_selection
from sklearn.utils import get_tags

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import gives_pandas, hands_on
from pretzel.importers.sklearn.common.matrices import checked_array
from pretzel.plan import ops
from pretzel.plan.multioutput import method_of
from pretzel.plan.parameter import Parameter

DELEGATED = ("predict", "predict_proba", "predict_log_proba", "decision_function")


SELECTORS = (
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


@imports(*SELECTORS)
def selector(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X[:, get_support()]``."""
    step.inputs.tells_integers = True
    return {"transform": _selected(estimator, x, step).array()}


@imports(feature_selection.RFE, feature_selection.RFECV)
def eliminator(estimator: Any, x: Columns, step: Step) -> Methods:
    """The columns kept, and what the estimator fitted on them answers."""
    kept = _selected(estimator, x, step)
    methods = step.enter("estimator", estimator.estimator_, kept)
    return {name: node for name, node in methods.items() if method_of(name) in DELEGATED} | {"transform": kept.array()}


@hands_on(*SELECTORS, feature_selection.RFE, feature_selection.RFECV)
def handed_on(estimator: Any, x: Columns, step: Step) -> Columns:
    """The columns kept, each of its own type where they are a table of pandas and are to stay one."""
    return _selected(estimator, x, step)


def _selected(estimator: Any, x: Columns, step: Step) -> Columns:
    kept = np.flatnonzero(estimator.get_support()).astype(np.int64)
    pandas = gives_pandas(estimator)
    if pandas and x.frame:  # which nothing is looked at in either
        return x.select(kept.tolist())
    allow_nan = get_tags(estimator).input_tags.allow_nan  # then nothing is looked at, infinities neither
    read = x.array() if allow_nan else checked_array(x, estimator).array()
    if x.frame:
        step.inputs.joined.append(read)
    return Columns((ops.Select(read, Parameter.of(kept)),), frame=pandas)
