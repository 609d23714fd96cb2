"""Comparisons, logic and conditional selection."""

from __future__ import annotations

import numpy as np

from pretzel.importers.onnx.pairs import combine
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Rows, Value, constant
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

COMPARISONS = {
    "Less": ("less", False),
    "LessOrEqual": ("less_equal", False),
    "Greater": ("less", True),
    "GreaterOrEqual": ("less_equal", True),
    "Equal": ("equal", False),
}
"""The comparison, and True if its two sides are swapped."""


@converts("", *COMPARISONS)
def compare(site: Site) -> Rows:
    """Compare two values."""
    if site.integer("broadcast", 0):
        raise site.refuse("it broadcasts by the rules of opset 6", "convert the model to opset 7 or later")
    site.without_effect("axis")
    a, b = site.value(0), site.value(1)
    texts = _same_text(site, a, b)
    if texts is not None:
        return texts
    function, swapped = COMPARISONS[site.node.op_type]
    if any(isinstance(value, Rows) and value.dtype == "u64" for value in (a, b)):
        raise site.refuse("it compares uint64", "cast to int64 first")
    return combine(site, [b, a] if swapped else [a, b], lambda x, y: ops.Compare(x, y, function), "bool")


def _same_text(site: Site, a: Value, b: Value) -> Rows | None:
    """Return where texts equal one constant text; None if neither side is text."""
    x, text = (a, b) if isinstance(a, Rows) else (b, a)
    if not isinstance(x, Rows) or not x.node.type.is_text:
        return None
    if not isinstance(text, np.ndarray) or text.size != 1:
        raise site.refuse("it compares texts with other than one constant text", "encode them first")
    keys = Parameter.strings([str(text.item())])
    zero = constant(np.array(0, np.int64), x)
    same = [ops.Compare(ops.Lookup(column, keys), zero, "equal") for column in x.columns()]
    return x.of(ops.Concat(tuple(same)) if x.tail else same[0])


@converts("", "Not")
def negate(site: Site) -> Rows:
    """Negate a bool."""
    x = site.numbers(0, "bool")
    return x.of(opposite(x.dense, x))


def opposite(node: Node, x: Rows) -> Node:
    """Return where a bool is false."""
    return ops.Compare(node, constant(np.array(False), x), "equal")


@converts("", "And", "Or", "Xor")
def logic(site: Site) -> Rows:
    """Combine two bools."""
    if site.integer("broadcast", 0):
        raise site.refuse("it broadcasts by the rules of opset 6", "convert the model to opset 7 or later")
    site.without_effect("axis")
    values = [site.value(0), site.value(1)]
    if site.node.op_type == "And":
        return combine(site, values, lambda a, b: ops.Where(a, b, a))
    if site.node.op_type == "Or":
        return combine(site, values, lambda a, b: ops.Where(a, a, b))
    same = combine(site, values, lambda a, b: ops.Compare(a, b, "equal"))
    return same.of(opposite(same.node, same))


@converts("", "IsNaN")
def is_nan(site: Site) -> Rows:
    """Return where a number is NaN, which does not equal itself."""
    x = site.numbers(0, "f32", "f64")
    return x.of(opposite(ops.Compare(x.dense, x.dense, "equal"), x))


@converts("", "IsInf")
def is_infinite(site: Site) -> Rows:
    """Return where a number is infinite, of either sign or of one."""
    x = site.numbers(0, "f32", "f64")
    positive, negative = site.integer("detect_positive", 1), site.integer("detect_negative", 1)
    value = x.node.type.numpy.type("inf")
    values = [sign for sign, enabled in ((value, positive), (-value, negative)) if enabled]
    matches = [ops.Compare(x.dense, constant(np.array(sign), x), "equal") for sign in values]
    if not matches:
        return x.of(ops.Compare(x.dense, constant(np.array(np.nan, value.dtype), x), "equal"))
    return x.of(matches[0] if len(matches) == 1 else ops.Where(matches[0], matches[0], matches[1]))


@converts("", "Where")
def where(site: Site) -> Rows:
    """Select between two values by a condition."""
    condition, a, b = site.value(0), site.value(1), site.value(2)
    return combine(site, [a, b, condition], lambda x, y, holds: ops.Where(holds, x, y))
