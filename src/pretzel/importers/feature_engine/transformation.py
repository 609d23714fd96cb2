"""Functions of numbers of feature_engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from feature_engine import scaling, transformation

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes, finite, scaled, standardized, within
from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

SMALLEST, LARGEST = float(np.nextafter(0, 1)), float(np.finfo(np.float64).max)
POSITIVE = "it is zero or negative"


def _each(estimator: Any, table: Table, step: Step, function: Any) -> Table:
    """Return the table with a function of (finite column, name) in place of each variable."""
    computed = {name: function(finite(table[name], step), name) for name in estimator.variables_}
    return table | {name: Columns.of(node) for name, node in computed.items()}


def _log(x: Node, base: str) -> Node:
    return ops.Elementwise(x, "log10" if base == "10" else "log")


@changes(transformation.LogTransformer)
def log(estimator: Any, table: Table, step: Step) -> Table:
    """Return logarithms; numbers that have none are rejected."""
    return _each(
        estimator,
        table,
        step,
        lambda x, _: _log(within(x, SMALLEST, LARGEST, POSITIVE, step), estimator.base),
    )


@changes(transformation.LogCpTransformer)
def log_of_shifted(estimator: Any, table: Table, step: Step) -> Table:
    """Return logarithms of numbers plus a constant."""

    def shifted(x: Node, name: Any) -> Node:
        shift = estimator.C_[name] if isinstance(estimator.C_, dict) else estimator.C_
        return _log(within(scaled(x, 1.0, shift), SMALLEST, LARGEST, POSITIVE, step), estimator.base)

    return _each(estimator, table, step, shifted)


@changes(transformation.PowerTransformer)
def power(estimator: Any, table: Table, step: Step) -> Table:
    """Return powers."""
    return _each(estimator, table, step, lambda x, _: _power(x, estimator.exp, "power"))


@changes(transformation.BoxCoxTransformer)
def box_cox(estimator: Any, table: Table, step: Step) -> Table:
    """Return the Box-Cox transform of positive numbers."""
    return _each(
        estimator,
        table,
        step,
        lambda x, name: _power(within(x, SMALLEST, LARGEST, POSITIVE, step), estimator.lambda_dict_[name], "box_cox"),
    )


@changes(transformation.YeoJohnsonTransformer)
def yeo_johnson(estimator: Any, table: Table, step: Step) -> Table:
    """Return the Yeo-Johnson transform."""
    return _each(estimator, table, step, lambda x, name: _power(x, estimator.lambda_dict_[name], "yeo_johnson"))


@changes(transformation.ReciprocalTransformer)
def reciprocal(estimator: Any, table: Table, step: Step) -> Table:
    """Return reciprocals; zeros are rejected."""
    owner = type(estimator).__name__
    return _each(estimator, table, step, lambda x, _: ops.RequireFinite(ops.Elementwise(x, "reciprocal"), owner))


@changes(transformation.ArcsinTransformer)
def arcsin(estimator: Any, table: Table, step: Step) -> Table:
    """Return the arc sine of the square root of numbers from 0 to 1."""
    reason = "it is not between 0 and 1"
    return _each(
        estimator,
        table,
        step,
        lambda x, _: ops.Elementwise(ops.Elementwise(within(x, 0.0, 1.0, reason, step), "sqrt"), "arcsin"),
    )


@changes(transformation.ArcSinhTransformer)
def arcsinh(estimator: Any, table: Table, step: Step) -> Table:
    """Return the inverse hyperbolic sine of standardized numbers."""
    return _each(
        estimator,
        table,
        step,
        lambda x, _: ops.Elementwise(standardized(x, estimator.loc, estimator.scale), "arcsinh"),
    )


@changes(scaling.MeanNormalizationScaler)
def normalized(estimator: Any, table: Table, step: Step) -> Table:
    """Return numbers less the mean, divided by the range."""
    return _each(estimator, table, step, lambda x, name: standardized(x, estimator.mean_[name], estimator.range_[name]))


def _power(x: Node, exponent: float, form: str) -> Node:
    return ops.Power(x, Parameter.of(np.array([float(exponent)])), form)
