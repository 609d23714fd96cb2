"""Importer of the imputer that predicts each column from the others, in rounds."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (the import makes the class importable)
from sklearn.impute import IterativeImputer

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked_dense, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(IterativeImputer)
def iterative_imputer(estimator: Any, x: Columns, step: Step) -> Methods:
    """Each step of ``imputation_sequence_`` predicts the missing values of one column from the others.

    If every row of a call has no value at all, the library keeps the initial imputation; otherwise it imputes such a
    row like any other.  The answer therefore depends on the other rows, and such a row is rejected.
    """
    if estimator.sample_posterior:
        raise step.refuse("sample_posterior", "it imputes random values", "use sample_posterior=False")
    marker = estimator.missing_values
    if not isinstance(marker, Real):
        raise step.refuse("missing_values", "it is not a number", "use NaN or a number")
    finds_nan = bool(np.isnan(float(marker)))
    rows = checked_dense(x, estimator, step, allow_nan=finds_nan)
    missing = as_compared(marker, rows.type.numpy)
    initial = step.transform("initial_imputer_", estimator.initial_imputer_, Columns.of(rows))
    columns = _imputed(estimator, rows, initial, missing, step)
    if estimator.add_indicator:
        features = np.asarray(estimator.indicator_.features_, np.int64)
        columns.append(ops.MissingIndicator(rows, Parameter.of(features), missing, rows.type.dtype))
    return {"transform": ops.Concat(tuple(columns))}


def _imputed(estimator: Any, rows: Node, initial: Node, missing: float, step: Step) -> list[Node]:
    """Return the columns after all rounds."""
    empty = np.asarray(estimator._is_empty_feature)
    positions = np.arange(len(empty)) if estimator.keep_empty_features else np.flatnonzero(~empty)
    columns: list[Node] = [ops.Column(initial, i) for i in range(len(positions))]
    if estimator.n_iter_ == 0:
        return columns
    masks = _masks(rows, positions, missing, may_be_bare=not empty[positions].any(), step=step)
    for i, (feature, neighbors, fitted) in enumerate(estimator.imputation_sequence_):
        if empty[positions[feature]]:
            continue  # it counts as not missing, and keeps the initial imputation
        others = Columns.of(ops.Concat(tuple(columns[j] for j in neighbors)))
        predicted = _predicted(f"imputation_sequence_[{i}]", fitted, others, step)
        limits = (vector(limit[feature], 1) for limit in (estimator._min_value, estimator._max_value))
        clipped = cast(ops.Clip(cast(predicted, "f64"), *limits), rows.type.dtype)
        columns[feature] = ops.Where(masks[feature], clipped, columns[feature])
    return columns


def _predicted(name: str, fitted: Any, others: Columns, step: Step) -> Node:
    predicted = step.enter(name, fitted, others)["predict"]
    if not predicted.type.is_float or predicted.type.width not in (None, 1):
        remedy = "use a regressor of one target"
        raise step.refuse("estimator", f"a {type(fitted).__name__} does not predict one float", remedy)
    return predicted if predicted.type.width is None else ops.Column(predicted, 0)


def _masks(rows: Node, positions: np.ndarray, missing: float, *, may_be_bare: bool, step: Step) -> list[Node]:
    """Return for each column whether its value is missing; a row without any value is rejected."""
    lacks = ops.MissingIndicator(rows, Parameter.of(positions.astype(np.int64)), missing)
    columns: list[Node] = [ops.Column(lacks, i) for i in range(len(positions))]
    if may_be_bare:
        width = len(positions)
        count = ops.Linear(lacks, Parameter.of(np.full(width, -1.0)), Parameter.of(np.array([float(width)])))
        reason = "a row without any value: how it is filled depends on the rows that it is given with"
        present = ops.RequireWithin(
            count, vector(1.0, 1), vector(float(width), 1), type(step.estimator).__name__, reason=reason
        )
        columns = [ops.Combine((column, present), "product") for column in columns]
    return [ops.Cast(ops.Threshold(column, 0.5), "bool") for column in columns]
