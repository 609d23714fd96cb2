"""Predictions of the members of a meta-estimator, in the forms that meta-estimators combine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.columns import promote
from pretzel.plan.parameter import Parameter


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted estimator inside another one."""

    fitted: Any
    methods: Methods
    step: Step

    def gives(self, method: str) -> Node:
        """Return the node of ``method``.

        Raises:
            UnsupportedError: the method is not served.
        """
        if method not in self.methods:
            raise self.step.refuse(
                "", f"its {method} is needed and not served", "use another estimator in its place", about_input=True
            )
        return self.methods[method]

    def number(self) -> Node:
        """Return ``predict`` as numbers: one per row, or columns."""
        predicted = self.gives("predict")
        if not isinstance(predicted, ops.LabelLookup):
            return predicted
        return ops.Take(predicted.codes, self._numbers(predicted), -1.0)

    def rows(self, table: np.ndarray) -> Node:
        """Return the row of ``table`` at the predicted class, a number from 0."""
        predicted = self.gives("predict")
        if not isinstance(predicted, ops.LabelLookup):
            raise self.step.refuse("", "it is not a classifier", "use a classifier in its place", about_input=True)
        places = self._numbers(predicted).array.astype(np.int64)
        return ops.Take(predicted.codes, Parameter.of(np.ascontiguousarray(table[places])))

    def score(self) -> Node:
        """Return the score of the second of two classes, or else its probability."""
        if is_regressor(self.fitted):
            return self.gives("predict")
        if hasattr(self.fitted, "decision_function"):
            return self.gives("decision_function")
        return ops.Column(self.gives("predict_proba"), 1)

    def threshold(self) -> float:
        """Return the value above which :meth:`score` predicts the second class."""
        return 0.0 if hasattr(self.fitted, "decision_function") and is_classifier(self.fitted) else 0.5

    def _numbers(self, predicted: ops.LabelLookup) -> Parameter:
        if predicted.labels.dtype not in ("i32", "i64", "f32", "f64"):
            raise self.step.refuse("classes_", "its labels are read as numbers", "encode the target as numbers")
        return predicted.labels


def member(step: Step, name: str, fitted: Any, x: Columns) -> Member:
    """Import ``fitted``, the part ``name`` of ``step``, over ``x``."""
    return Member(fitted, step.enter(name, fitted, x), step.inner(name, fitted))


def members(step: Step, fitted: Iterable[Any], x: Columns) -> list[Member]:
    """Import each estimator of ``estimators_``, over the same ``x``."""
    return [member(step, f"estimators_[{i}]", estimator, x) for i, estimator in enumerate(fitted)]


def total(parts: Sequence[Node], dtype: str | None = None) -> Node:
    """Return the sum of all parts in order, in ``dtype`` or the type that NumPy promotes them to."""
    kind = dtype or promote([part.type.dtype for part in parts])
    same = tuple(cast(part, kind) for part in parts)
    return same[0] if len(same) == 1 else ops.Sum(same)


def divided(x: Node, by: float | np.ndarray) -> Node:
    """Return ``x / by`` in the type of x, column by column."""
    return ops.Standardize(x, None, Parameter.of(np.full(x.type.columns, by, x.type.numpy)))


def times(x: Node, by: float) -> Node:
    """Return ``x * by`` in float64."""
    return ops.Affine(cast(x, "f64"), vector(by, x.type.columns))


def cast(x: Node, dtype: str) -> Node:
    """Return x as ``dtype``."""
    return x if x.type.dtype == dtype else ops.Cast(x, dtype)


def stacked(parts: Sequence[Node], dtype: str | None = None) -> Node:
    """Return all parts concatenated as one matrix."""
    matrix = ops.Concat(tuple(parts))
    return matrix if dtype is None else cast(matrix, dtype)


def spread(x: Node, places: Any, width: int) -> Node:
    """Return a matrix of ``width`` columns with those of x at ``places`` and zeros elsewhere."""
    if len(places) == width and (np.asarray(places) == np.arange(width)).all():
        return x
    return ops.Linear(x, Parameter.of(np.eye(width)[np.asarray(places, np.int64)]))
