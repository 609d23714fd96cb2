"""Discretisers of feature_engine: the number of the interval of each value, or the prediction of a tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from feature_engine import discretisation

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes, finite
from pretzel.importers.registry import Step
from pretzel.importers.rounding import reads_thresholds
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_thresholds(discretisation.EqualFrequencyDiscretiser)


@changes(
    discretisation.ArbitraryDiscretiser,
    discretisation.EqualFrequencyDiscretiser,
    discretisation.EqualWidthDiscretiser,
    discretisation.GeometricWidthDiscretiser,
)
def discretised(estimator: Any, table: Table, step: Step) -> Table:
    """Return the number of each value's interval; NaN outside of all."""
    if estimator.return_boundaries:
        raise step.refuse("return_boundaries", "it returns intervals as texts", "leave it at False")
    if estimator.return_object:
        raise step.refuse("return_object", "it returns objects", "leave it at False, and cast the numbers")
    strict = getattr(estimator, "errors", "ignore") == "raise"
    computed = {
        name: _interval(finite(table[name], step), estimator.binner_dict_[name], step, strict=strict)
        for name in estimator.variables_
    }
    return table | {name: Columns.of(node) for name, node in computed.items()}


@changes(discretisation.DecisionTreeDiscretiser)
def discretised_by_trees(estimator: Any, table: Table, step: Step) -> Table:
    """Return the prediction of a tree over each column, or the number of the interval between its thresholds."""
    if estimator.bin_output == "boundaries":
        raise step.refuse("bin_output", "it returns intervals as texts", "use 'prediction' or 'bin_number'")
    if estimator.bin_output == "bin_number":
        computed = {
            name: _interval(finite(table[name], step), estimator.binner_dict_[name], step, strict=False)
            for name in estimator.variables_
        }
        return table | {name: Columns.of(node) for name, node in computed.items()}
    if estimator.precision is not None:
        raise step.refuse("precision", "it rounds predictions to decimals", "leave it at None")
    predicted = {name: _predicted(estimator, name, table[name], step) for name in estimator.variables_}
    return table | {name: Columns.of(node) for name, node in predicted.items()}


def _predicted(estimator: Any, name: Any, column: Columns, step: Step) -> Node:
    tree = estimator.binner_dict_[name]
    matrix = Columns.of(ops.Concat((finite(column, step),)))
    methods = step.enter(f"binner_dict_[{name!r}]", tree, matrix)
    return methods["predict"] if estimator.regression else ops.Column(methods["predict_proba"], 1)


def _interval(x: Node, limits: Any, step: Step, *, strict: bool) -> Node:
    """Return the number of the interval of each value, as ``pandas.cut`` does: open below, closed above."""
    edges = np.asarray(limits, np.float64)
    first = edges[0]  # the first interval contains its lower limit
    after = np.nextafter(edges, np.inf)
    after[0] = first
    after[-1] = np.nextafter(edges[-1], np.inf)
    finite_edges = after[np.isfinite(after)]
    below = int(np.isneginf(edges[0]))
    counted = ops.Bin(x, Parameter.of(finite_edges), Parameter.of(np.array([0, len(finite_edges)])))
    numbers = np.arange(len(finite_edges) + 1, dtype=np.float64) + below - 1
    outside = (numbers < 0) | (numbers > len(edges) - 2)
    if not outside.any():
        return ops.Take(counted, Parameter.of(numbers.astype(np.int64)), 0.0)
    numbered = ops.Take(counted, Parameter.of(np.where(outside, np.nan, numbers)))
    return ops.RequireFinite(numbered, type(step.estimator).__name__) if strict else numbered
