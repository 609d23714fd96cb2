"""Explainable boosting machines: the sum of a table per term, at the bins of its one or more features."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

from pretzel.importers.columns import Columns
from pretzel.importers.given_forms import note_forms
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MISSING = 0
"""The bin of missing values; the last one is that of unknown values."""


@given(ExplainableBoostingClassifier, ExplainableBoostingRegressor)
def columns_of_machine(estimator: Any, inputs: Inputs) -> Columns:
    """Return a column per name; or one matrix, if it was fitted on an array, whose columns it names itself."""
    names = list(getattr(estimator, "feature_names_in_", ()))
    if names == [f"feature_{i:04}" for i in range(len(names))]:
        return Columns.given(inputs, None, len(names) or None)
    return Columns.given(inputs, names)


@imports(ExplainableBoostingClassifier)
def boosting_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the scores, their probabilities, and the class: the second of two above a score of zero."""
    if estimator.link_ not in ("logit", "mlogit"):
        raise step.refuse("link", f"its link {estimator.link_} is not supported", "fit it on two classes or more")
    scores = _scores(estimator, x, step)
    several = scores.type.width is not None
    codes: Node = ops.ArgMax(scores) if several else ops.Threshold(scores)
    return {
        "predict": labelled(codes, estimator.classes_, step),
        "predict_proba": ops.Link(scores, "softmax" if several else "sigmoid_pair"),
        "decision_function": scores,
    }


@imports(ExplainableBoostingRegressor)
def boosting_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the scores, or their exponential if the objective has a logarithmic link."""
    if estimator.link_ not in ("identity", "log"):
        raise step.refuse("objective", f"its link {estimator.link_} is not supported", "use another objective")
    scores = _scores(estimator, x, step)
    return {"predict": ops.Elementwise(scores, "exp") if estimator.link_ == "log" else scores}


def _scores(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the intercept plus the scores of all terms, added in the library's order."""
    columns = x.each()
    intercept = np.atleast_1d(np.asarray(estimator.intercept_, np.float64))
    terms = [
        _term(estimator, features, np.asarray(scores, np.float64), columns, step)
        for features, scores in zip(estimator.term_features_, estimator.term_scores_, strict=True)
    ]
    if not terms:
        raise step.refuse("", "it has no terms", "fit it on more rows, or with more features")
    row = intercept if len(intercept) == 1 else intercept[None, :]
    return ops.Sum((ops.Constant(terms[0], Parameter.of(row)), *terms))


def _term(estimator: Any, features: tuple[int, ...], scores: np.ndarray, columns: list[Columns], step: Step) -> Node:
    """Return the scores of one term at the bins of its features."""
    sizes = scores.shape[: len(features)]
    strides = [int(np.prod(sizes[i + 1 :])) for i in range(len(sizes))]
    bins = [
        _bins(estimator, feature, len(features), columns[feature], size, step)
        for feature, size in zip(features, sizes, strict=True)
    ]
    places = [numbered(stride) for numbered, stride in zip(bins, strides, strict=True)]
    place = reduce(lambda one, other: ops.Arithmetic(one, other, "add"), places)
    return ops.Take(place, Parameter.of(np.ascontiguousarray(scores.reshape(-1, *scores.shape[len(features) :]))))


def _bins(
    estimator: Any, feature: int, dimensions: int, column: Columns, size: int, step: Step
) -> Callable[[int], Node]:
    """Return a function of a stride that returns the bin of each value times the stride."""
    levels = estimator.bins_[feature]
    known = levels[min(len(levels), dimensions) - 1]
    if isinstance(known, dict):
        return lambda stride: _category(known, column, size, stride, feature, step)
    return lambda stride: _interval(np.asarray(known, np.float64), column, stride, step)


def _interval(cuts: np.ndarray, column: Columns, stride: int, step: Step) -> Node:
    read = column.number()
    note_forms(read, ["flags"], step.inputs)  # the library reads them as the texts True and False
    x = read if read.type.dtype == "f64" else ops.Cast(read, "f64")
    counted = ops.Bin(x, Parameter.of(cuts), Parameter.of(np.array([0, len(cuts)])))
    numbered = ops.Take(counted, Parameter.of((np.arange(len(cuts) + 1) + 1) * stride), 0.0)
    missing = ops.Constant(x, Parameter.of(np.array([MISSING])))
    return ops.Where(ops.Elementwise(x, "isnan"), missing, numbered)


def _category(known: dict[str, int], column: Columns, size: int, stride: int, feature: int, step: Step) -> Node:
    keys = list(known)
    codes = [*known.values(), MISSING]
    options: dict[str, Any] = {"nan_code": len(keys), "none_code": len(keys), "column": str(feature)}
    numbers = None if column.holds_texts else _numbers(keys)
    if numbers is None:
        found = ops.Lookup(column.text(), Parameter.strings(keys), **options)
    else:
        read = column.number()
        note_forms(read, ["mixed"], step.inputs)  # the library reads True among numbers as a text
        x = read if read.type.dtype == "f64" else ops.Cast(read, "f64")
        found = ops.Lookup(x, Parameter.of(numbers), **options)
    return ops.Take(found, Parameter.of(np.array(codes, np.int64) * stride), float((size - 1) * stride))


def _numbers(keys: list[str]) -> np.ndarray | None:
    """Return the numbers whose texts are the categories; None if they are other texts."""
    try:
        return np.array([float(key) for key in keys])
    except ValueError:
        return None
