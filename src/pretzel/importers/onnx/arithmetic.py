"""Elementwise functions and arithmetic of numbers."""

from __future__ import annotations

from functools import reduce

import numpy as np

from pretzel.importers.onnx.pairs import cast, combine
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Rows, Value, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node

FUNCTIONS = {
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Abs": "abs",
    "Neg": "negative",
    "Reciprocal": "reciprocal",
    "Tanh": "tanh",
    "Relu": "relu",
    "Sin": "sin",
    "Cos": "cos",
    "Erf": "erf",
}
ARITHMETIC = {
    "Add": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "Div": "divide",
}
LARGEST = float(np.finfo(np.float32).max)
VARIADIC = {"Max": "maximum", "Min": "minimum", "Sum": "add", "Mean": "add"}


@converts("", *FUNCTIONS)
def elementwise(site: Site) -> Rows:
    """Apply a function to each number; integers only if the result is an integer."""
    x = site.numbers(0)
    site.without_effect("consumed_inputs")
    function = FUNCTIONS[site.node.op_type]
    if x.dtype in ("f32", "f64"):
        return x.of(ops.Elementwise(x.node if _keeps_zero(function) else x.dense, function))
    zero = np.array(0, x.node.type.numpy)
    if function == "negative":
        return combine(site, [zero, x], lambda a, b: ops.Arithmetic(a, b, "subtract"))
    if function == "relu":
        return combine(site, [x, zero], lambda a, b: ops.Arithmetic(a, b, "maximum"))
    if function == "abs":
        return combine(site, [zero, x], lambda a, b: ops.Arithmetic(ops.Arithmetic(a, b, "subtract"), b, "maximum"))
    raise site.refuse(f"it is given {x.dtype}", "cast to float32 or float64 first")


def _keeps_zero(function: str) -> bool:
    return function in ("sqrt", "abs", "negative", "tanh", "relu")


@converts("", "Identity", "Dropout")
def identity(site: Site) -> Value:
    """Return the input; dropout applies only in training."""
    site.without_effect("ratio", "seed", "consumed_inputs")
    if site.has(1):
        site.constant(1)  # the ratio, which applies only in training
    trains = site.node.op_type == "Dropout" and site.opset < 7 and not site.integer("is_test", 0)
    if trains or (site.has(2) and site.constant(2).any()):
        raise site.refuse("it is in training mode", "export the model for inference")
    return site.value(0)


@converts("", *ARITHMETIC)
def arithmetic(site: Site) -> Rows:
    """Combine two values; a constant row of floats uses the operators that rewrite rules match."""
    _refuse_old_broadcast(site)
    a, b = site.value(0), site.value(1)
    folded = _with_constant(site.node.op_type, a, b)
    if folded is not None:
        return folded
    return combine(site, [a, b], lambda x, y: ops.Arithmetic(x, y, ARITHMETIC[site.node.op_type]))


def _refuse_old_broadcast(site: Site) -> None:
    if site.integer("broadcast", 0) and site.opset < 7:
        raise site.refuse("it broadcasts by the rules of opset 6", "convert the model to opset 7 or later")
    site.without_effect("axis", "consumed_inputs")


def _with_constant(operator: str, a: Value, b: Value) -> Rows | None:
    """Return x + c, x - c, x * c or x / c with a constant row c; None if that needs other operators."""
    if isinstance(a, np.ndarray) and operator in ("Add", "Mul"):
        a, b = b, a
    if not isinstance(a, Rows) or not isinstance(b, np.ndarray) or a.dtype not in ("f32", "f64"):
        return None
    row = _row(a, b)
    if row is None:
        return None
    width, dtype = a.node.type.columns, a.dtype
    values = vector(row, width, dtype)
    if operator == "Mul":
        sparse = a.node.type.layout == "sparse" and bool(np.isfinite(row).all())
        return a.of(ops.Affine(a.node if sparse else a.dense, values))
    if operator == "Div":
        return a.of(ops.Standardize(a.dense, None, values))
    if operator == "Sub":
        return a.of(ops.Standardize(a.dense, values, None))
    return a.of(ops.Affine(a.dense, vector(1, width, dtype), values))


def _row(x: Rows, constant: np.ndarray) -> np.ndarray | None:
    """Return a constant as one number per column of x; None if it is larger than a row, or differs by row."""
    place = constant.ndim - x.rank + x.axis
    if constant.ndim > x.rank or (place >= 0 and constant.shape[place] != 1):
        return None
    row = constant.squeeze(place) if place >= 0 else constant
    if np.broadcast_shapes(row.shape, x.tail) != x.tail:
        return None
    return np.broadcast_to(row, x.tail).ravel()


@converts("", "Pow")
def power(site: Site) -> Rows:
    """Raise to a power, in the type of the base; a square is a product."""
    _refuse_old_broadcast(site)
    a, b = site.value(0), site.value(1)
    if isinstance(a, Rows) and isinstance(b, np.ndarray) and b.size == 1 and a.dtype in ("f32", "f64") and b.ndim <= 1:
        if b.item() == 2:
            return a.of(ops.Elementwise(a.node, "square"))
        if b.item() == 1:
            return a
    base, exponent = _dtype(a), _dtype(b)
    if base == exponent:
        return combine(site, [a, b], lambda x, y: ops.Arithmetic(x, y, "power"))
    # Integers raised to floats go through float64, as in C's pow.
    return combine(site, [a, b], lambda x, y: ops.Arithmetic(cast(x, "f64"), cast(y, "f64"), "power"))


def _dtype(value: Value) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.kind}{value.dtype.itemsize * 8}"
    return value.dtype if isinstance(value, Rows) else ""


@converts("", *VARIADIC)
def variadic(site: Site) -> Rows:
    """Combine any number of values from left to right."""
    site.without_effect("consumed_inputs")
    values = [site.value(i) for i in range(len(site.inputs))]
    function = VARIADIC[site.node.op_type]
    whole = combine(site, values, lambda *parts: reduce(lambda a, b: ops.Arithmetic(a, b, function), parts))
    if site.node.op_type == "Mean":
        return whole.of(ops.Standardize(whole.node, None, vector(len(values), whole.node.type.columns, whole.dtype)))
    return whole


@converts("", "Clip")
def clip(site: Site) -> Rows:
    """Limit numbers to two bounds, either of which may be missing."""
    x = site.numbers(0)
    site.without_effect("consumed_inputs")
    low, high = (site.setting(name, place, 11) for name, place in (("min", 1), ("max", 2)))
    if any(bound is not None and np.isnan(bound) for bound in (low, high)):
        raise site.refuse("one of its bounds is NaN", "leave the bound out")
    if site.opset >= 6 and x.dtype in ("f32", "f64"):  # a missing bound is the largest number, which limits infinities
        largest = LARGEST if site.opset < 11 else float(np.finfo(x.node.type.numpy).max)
        low, high = (-largest if low is None else low), (largest if high is None else high)
    node = cast(x.dense, "i64" if x.dtype not in ("f32", "f64") else x.dtype)
    for bound, function in ((low, "maximum"), (high, "minimum")):
        if bound is not None:
            limit = constant(np.asarray(bound, node.type.numpy).reshape(()), x)
            node = ops.Arithmetic(node, limit, function)
    return x.of(cast(node, x.dtype))


@converts("", "Sigmoid")
def sigmoid(site: Site) -> Rows:
    """Return ``1 / (1 + exp(-x))``."""
    x = site.numbers(0, "f32", "f64")
    return x.of(ops.Link(x.dense, "sigmoid"))


@converts("", "Sign")
def sign(site: Site) -> Rows:
    """Return -1, 0 or 1; NaN stays NaN."""
    x = site.numbers(0, "f32", "f64")
    return x.of(signs(x))


def signs(x: Rows) -> Node:
    """Return the sign of each number."""
    zero = constant(np.array(0, x.node.type.numpy), x)
    one, minus = (constant(np.array(value, x.node.type.numpy), x) for value in (1, -1))
    negative = ops.Where(ops.Compare(x.dense, zero, "less"), minus, x.dense)
    return ops.Where(ops.Compare(zero, x.dense, "less"), one, negative)
