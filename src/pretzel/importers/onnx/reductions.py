"""Sums, extremes and argmax over the columns of each row."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from pretzel.importers.onnx.pairs import WIDE, cast, combine
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import AcrossRowsError, Rows, Tail, check_parts, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

AXES_AS_INPUT = {"ReduceSum": 13}
"""The opset from which axes are an input; 18 for other operators."""

AFTERWARDS = ("ReduceL2", "ReduceLogSum")
"""Reductions that change even a single number."""


@converts("", "ReduceSum", "ReduceMax", "ReduceMin")
def reduced(site: Site) -> Rows:
    """Return the sum, the maximum or the minimum."""
    function = {"ReduceSum": "sum", "ReduceMax": "maximum", "ReduceMin": "minimum"}[site.node.op_type]
    return _over(site, lambda x: x, lambda x, places: reduce(x, places, function))


@converts("", "ReduceMean")
def mean(site: Site) -> Rows:
    """Return the sum divided by the number of elements."""
    return _over(site, lambda x: x, _mean)


def _mean(x: Rows, places: np.ndarray) -> Node:
    total = reduce(x, places, "sum")
    if x.dtype not in ("f32", "f64"):
        raise ValueError(f"the mean of {x.dtype} is truncated to an integer; cast to floats first")
    return ops.Standardize(total, None, vector(places.shape[1], places.shape[0], x.dtype))


@converts("", "ReduceProd")
def product(site: Site) -> Rows:
    """Return the product, multiplied from left to right."""
    return _over(site, lambda x: x, lambda x, places: ops.Products(x.dense_matrix, Parameter.of(places)))


@converts("", "ReduceSumSquare", "ReduceL2")
def squares(site: Site) -> Rows:
    """Return the sum of squares, or its root, the Euclidean norm."""
    if site.node.op_type == "ReduceSumSquare":
        return _over(site, _square, _sum)
    dtype = site.numbers(0).dtype
    norm = _over(site, lambda x: _square(x if dtype in ("f32", "f64") else x.of(cast(x.dense, "f64"))), _root)
    return norm.of(cast(norm.node, dtype))  # squares of integers may exceed their type where the norm does not


@converts("", "ReduceL1")
def magnitudes(site: Site) -> Rows:
    """Return the sum of magnitudes."""
    return _over(site, lambda x: x.of(ops.Elementwise(x.node, "abs")), _sum)


@converts("", "ReduceLogSum")
def log_of_sum(site: Site) -> Rows:
    """Return the logarithm of the sum."""
    return _over(site, lambda x: x, lambda x, places: ops.Elementwise(_sum(x, places), "log"))


@converts("", "ReduceLogSumExp")
def log_sum_exp(site: Site) -> Rows:
    """Return the logarithm of the sum of exponentials, shifted by the maximum if it is finite."""
    return _over(site, lambda x: x, _log_sum_exp)


def _log_sum_exp(x: Rows, places: np.ndarray) -> Node:
    check_parts(len(places))
    groups = [_log_sum_exp_of(x.of(x.pick(group), (len(group),))) for group in places]
    return groups[0] if len(groups) == 1 else ops.Concat(tuple(groups))


def _log_sum_exp_of(x: Rows) -> Node:
    largest = reduce(x, x.places()[None], "maximum")
    zero = constant(np.zeros(1, x.node.type.numpy), x)
    infinite = constant(np.full(1, np.inf, x.node.type.numpy), x)
    shift = ops.Where(ops.Compare(ops.Elementwise(largest, "abs"), infinite, "equal"), zero, largest)
    powers = x.of(ops.Elementwise(ops.Arithmetic(x.dense_matrix, shift, "subtract"), "exp"))
    return ops.Arithmetic(ops.Elementwise(reduce(powers, x.places()[None], "sum"), "log"), shift, "add")


def _square(x: Rows) -> Rows:
    if x.dtype in ("f32", "f64"):
        return x.of(ops.Elementwise(x.node, "square"))
    wide = cast(x.dense, WIDE.get(x.dtype, x.dtype))
    return x.of(cast(ops.Arithmetic(wide, wide, "multiply"), x.dtype))


def _sum(x: Rows, places: np.ndarray) -> Node:
    return reduce(x, places, "sum")


def _root(x: Rows, places: np.ndarray) -> Node:
    return ops.Elementwise(_sum(x, places), "sqrt")


def reduce(x: Rows, places: np.ndarray, function: str) -> Node:
    """Return one number per row of ``places``, which holds positions in the flattened row."""
    wide = WIDE.get(x.dtype, x.dtype)
    return cast(ops.Reduce(cast(x.dense_matrix, wide), Parameter.of(places), function), x.dtype)


def _over(site: Site, before: Callable[[Rows], Rows], function: Callable[[Rows, np.ndarray], Node]) -> Rows:
    """Apply a function over the axes that the node names."""
    x = site.numbers(0)
    axes = site.setting("axes", 1, AXES_AS_INPUT.get(site.node.op_type, 18))
    keep, empty_is_none = site.integer("keepdims", 1), site.integer("noop_with_empty_axes", 0)
    if (axes is None or not np.size(axes)) and empty_is_none:
        alone = site.node.op_type in AFTERWARDS
        return x.of(function(before(x), groups(x, []))) if alone else before(x)
    if axes is None or not np.size(axes):
        raise site.refuse("it runs over all dimensions, including that of the rows", "name the axes of a row")
    within = sorted({x.row_axis(axis) for axis in site.few(axes)})
    node = function(before(x), groups(x, within))
    return _shaped(x, node, within, bool(keep))


def groups(x: Rows, axes: list[int]) -> np.ndarray:
    """Return the positions that are reduced together over these dimensions: one row per result."""
    outer = [i for i in range(len(x.tail)) if i not in axes]
    places = x.places().transpose([*outer, *axes])
    return places.reshape(prod(x.tail[i] for i in outer), prod(x.tail[i] for i in axes))


def _shaped(x: Rows, node: Node, axes: list[int], keep: bool) -> Rows:
    if keep:
        return x.of(node, tuple(1 if i in axes else dim for i, dim in enumerate(x.tail)))
    before = sum(i < x.axis for i in axes)
    tail: Tail = tuple(dim for i, dim in enumerate(x.tail) if i not in axes)
    return Rows(node if tail else Rows(node, (1,)).single, tail, x.axis - before)


@converts("", "ArgMax", "ArgMin")
def position(site: Site) -> Rows:
    """Return the position of the largest or smallest; the first or the last of equal ones.

    ONNX does not define which NaN is found; ONNX Runtime passes over all but one in the first place.
    """
    x = site.numbers(0)
    axis, keep = x.row_axis(site.integer("axis", 0)), site.integer("keepdims", 1)
    ties = "last" if site.integer("select_last_index", 0) else "first"
    kind = ops.ArgMax if site.node.op_type == "ArgMax" else ops.ArgMin
    places = groups(x, [axis])
    check_parts(len(places))
    values = x.of(cast(x.dense, WIDE.get(x.dtype, x.dtype)))
    positions = [kind(x.of(values.pick(group), (len(group),)).dense_matrix, ties) for group in places]
    node = positions[0] if len(positions) == 1 else ops.Concat(tuple(positions))
    return _shaped(x, node, [axis], bool(keep))


@converts("", "Softmax", "LogSoftmax")
def softmax(site: Site) -> Rows:
    """Return the softmax along an axis, or its logarithm; before opset 13 over all later dimensions too."""
    x = site.numbers(0, "f32", "f64")
    axis = site.integer("axis", -1 if site.opset >= 13 else 1)
    if site.opset < 13 and x.positive(axis) <= x.axis:
        raise AcrossRowsError(f"axis {axis} and all after it run over the rows")
    axes = [x.row_axis(axis)] if site.opset >= 13 else list(range(x.row_axis(axis), len(x.tail)))
    if site.node.op_type == "Softmax":
        return each_group(x, groups(x, axes), lambda part: ops.Link(part.dense_matrix, "softmax"))
    return each_group(x, groups(x, axes), _log_softmax)


def _log_softmax(x: Rows) -> Node:
    """Subtract the maximum, then the logarithm of the sum of exponentials, to keep precision in float32."""
    shifted = x.of(ops.Arithmetic(x.dense_matrix, reduce(x, x.places()[None], "maximum"), "subtract"))
    powers = x.of(ops.Elementwise(shifted.node, "exp"))
    return ops.Arithmetic(shifted.node, ops.Elementwise(_sum(powers, x.places()[None]), "log"), "subtract")


def each_group(x: Rows, places: np.ndarray, function: Callable[[Rows], Node]) -> Rows:
    """Apply a function to each group of columns, and put the results in their place."""
    check_parts(len(places))
    parts = [function(x.of(x.pick(group), (len(group),))) for group in places]
    if len(parts) == 1:
        return x.of(parts[0])
    whole = x.of(ops.Concat(tuple(parts)))
    return x.of(whole.pick(np.argsort(places.ravel())))


@converts("", "LpNormalization")
def unit_length(site: Site) -> Rows:
    """Divide by the norm along an axis."""
    x = site.numbers(0, "f32", "f64")
    axis, order = x.row_axis(site.integer("axis", -1)), site.integer("p", 2)
    if order not in (1, 2):
        raise ValueError(f"p is {order}; expected 1 or 2")
    places = groups(x, [axis])
    parts = _square(x) if order == 2 else x.of(ops.Elementwise(x.dense, "abs"))
    length = _root(parts.of(parts.node), places) if order == 2 else _sum(parts, places)
    zero = constant(np.zeros(1, x.node.type.numpy), x)
    one = constant(np.ones(1, x.node.type.numpy), x)
    divisor = ops.Where(ops.Compare(length, zero, "equal"), one, length)
    tail = tuple(1 if i == axis else dim for i, dim in enumerate(x.tail))
    return combine(site, [x, x.of(divisor, tail)], lambda a, b: ops.Arithmetic(a, b, "divide"))
