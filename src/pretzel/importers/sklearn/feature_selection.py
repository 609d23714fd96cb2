"""Feature selectors: the selected columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import feature_selection
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import get_tags

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import gives_pandas, hands_on, reads_as_given
from pretzel.importers.sklearn.common.matrices import checked_array
from pretzel.plan import ops
from pretzel.plan.multioutput import method_of
from pretzel.plan.parameter import Parameter

reads_as_given(SelectorMixin)

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
    """The chosen columns, and the methods of the estimator that was fitted on them."""
    step.inputs.tells_integers = True
    chosen = _selected(estimator, x, step)
    methods = step.enter("estimator", estimator.estimator_, chosen)
    return {name: node for name, node in methods.items() if method_of(name) in DELEGATED} | {
        "transform": chosen.array()
    }


@hands_on(*SELECTORS, feature_selection.RFE, feature_selection.RFECV)
def handed_on(estimator: Any, x: Columns, step: Step) -> Columns:
    """The selected columns, each of its own type if the input and the output are pandas tables."""
    return _selected(estimator, x, step)


def _selected(estimator: Any, x: Columns, step: Step) -> Columns:
    positions = np.flatnonzero(estimator.get_support()).astype(np.int64)
    if not len(positions):
        raise step.refuse(
            "", "it returns no column", "keep at least one column, by another threshold or by other scores"
        )
    pandas = gives_pandas(estimator)
    if pandas and x.frame:  # the library does not check the values of a table
        return x.select(positions.tolist())
    allow_nan = get_tags(estimator).input_tags.allow_nan  # then nothing is checked, not even for infinities
    read = x.array() if allow_nan else checked_array(x, estimator).array()
    if x.frame:
        step.inputs.joined.append(read)
    return Columns((ops.Select(read, Parameter.of(positions)),), frame=pandas)
