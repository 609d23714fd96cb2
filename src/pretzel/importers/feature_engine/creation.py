"""New columns of feature_engine: functions of several columns, and sines and cosines."""

from __future__ import annotations

from typing import Any

import numpy as np
from feature_engine import creation

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import (
    Table,
    changes,
    checked,
    finite,
    finite_single,
    note_types,
    scaled,
    stacked,
)
from pretzel.importers.registry import Step, refuses
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

refuses(
    creation.GeoDistanceFeatures,
    reason="it computes distances on a sphere",
    remedy="compute them in a FunctionTransformer, whose NumPy functions are traced",
)
refuses(
    creation.DecisionTreeFeatures,
    reason="it fits trees on combinations of columns",
    remedy="use DecisionTreeDiscretiser, or the trees in a StackingRegressor with passthrough=True",
)
FUNCTIONS = {
    **{"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "truediv": "divide"},
    **{"floordiv": "floor_divide", "mod": "remainder"},
}
"""The operator of each function of RelativeFeatures."""
DIVIDES = ("div", "truediv", "floordiv", "mod")
REDUCED = {"sum": "sum", "min": "minimum", "max": "maximum", "mean": "sum"}


@changes(creation.MathFeatures)
def combined(estimator: Any, table: Table, step: Step) -> Table:
    """Return all columns, then a function over some of them for each row."""
    functions = estimator.func if isinstance(estimator.func, list) else [estimator.func]
    names = [one if isinstance(one, str) else getattr(one, "__name__", "") for one in functions]
    unknown = [name for name in names if name not in (*REDUCED, "prod")]
    if unknown or any(not isinstance(one, str) for one in functions):
        raise step.refuse("func", "it is none of the served functions", "use sum, mean, min, max or prod")
    if estimator.missing_values == "ignore":
        raise step.refuse("missing_values", "functions leave out missing values", "impute them before")
    if any(table[name].settled_dtype() == "f32" for name in estimator.variables):
        raise step.refuse("variables", "pandas computes with float32", "cast them to float64", about_input=True)
    matrix = stacked([finite(table[name], step) for name in estimator.variables])
    added = {("new", i): Columns.of(_reduced(matrix, name)) for i, name in enumerate(names)}
    return _kept(estimator, table, estimator.variables) | added


def _reduced(x: Node, name: str) -> Node:
    every = np.arange(x.type.columns)
    if name == "prod":
        return ops.Products(x, Parameter.of(every[None, :]))
    reduced = ops.Reduce(x, Parameter.of(every[None, :]), REDUCED[name])
    if name != "mean":
        return reduced
    return ops.Standardize(reduced, None, Parameter.of(np.array([float(x.type.columns)])))


@changes(creation.RelativeFeatures)
def related(estimator: Any, table: Table, step: Step) -> Table:
    """Return all columns, then a function of each variable and each reference."""
    if "pow" in estimator.func:
        raise step.refuse("func", "powers of integers and of floats differ", "use PowerTransformer")
    read = {name: checked(table[name], step) for name in (*estimator.variables, *estimator.reference)}
    if not set(estimator.func) <= {*DIVIDES}:  # pandas computes in the types of the columns
        note_types(table, read, ["bool", "narrow"], step)
    added = {
        (variable, function, reference): Columns.of(
            _related(read[variable], read[reference], function, estimator.fill_value, step)
        )
        for function in estimator.func
        for reference in estimator.reference
        for variable in estimator.variables
    }
    return _kept(estimator, table, (*estimator.variables, *estimator.reference)) | added


def _related(a: Node, b: Node, function: str, fill: float | None, step: Step) -> Node:
    if a.type.dtype != b.type.dtype:
        a, b = (node if node.type.dtype == "f64" else ops.Cast(node, "f64") for node in (a, b))
    computed = ops.Arithmetic(a, b, FUNCTIONS[function])
    if function not in DIVIDES:
        return computed

    def number(value: float) -> Parameter:
        return Parameter.of(np.array([value], b.type.numpy))

    found = ops.Lookup(b, number(0.0))  # 0 for zeros, else -1
    if fill is None:  # a factor of one, or NaN, which is rejected
        factor = ops.RequireFinite(ops.Take(found, number(np.nan), 1.0), type(step.estimator).__name__)
        return ops.Arithmetic(computed, factor, "multiply")
    is_zero = ops.Compare(b, ops.Constant(b, number(0.0)), "equal")
    return ops.Where(is_zero, ops.Constant(b, number(fill)), computed)


@changes(creation.CyclicalFeatures)
def cyclical(estimator: Any, table: Table, step: Step) -> Table:
    """Return all columns, then the sine and the cosine of each variable as a share of its period."""
    added = {}
    for name in estimator.variables_:
        angle = scaled(finite_single(table[name], step), 2.0 * np.pi / estimator.max_values_[name])
        for function in ("sin", "cos"):
            added[name, function] = Columns.of(ops.Elementwise(angle, function))
    return _kept(estimator, table, estimator.variables_) | added


def _kept(estimator: Any, table: Table, used: Any) -> Table:
    dropped = set(used) if estimator.drop_original else set()
    return {name: column for name, column in table.items() if name not in dropped}
