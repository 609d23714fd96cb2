"""Products of rows with constant matrices."""

from __future__ import annotations

from math import prod

import numpy as np

from pretzel.importers.onnx.pairs import cast, combine
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Rows, check_parts, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

BOTH_VARY = "both of its sides depend on the rows"


@converts("", "MatMul")
def matrix_product(site: Site) -> Rows:
    """Multiply rows by a constant matrix, from either side."""
    a, b = site.value(0), site.value(1)
    if isinstance(a, Rows) and isinstance(b, np.ndarray):
        return _times(site, site.numbers(0, "f32", "f64"), b)
    if isinstance(b, Rows) and isinstance(a, np.ndarray):
        x = site.numbers(1, "f32", "f64")
        if a.ndim == 2 and x.axis == 1 and len(x.tail) == 1:  # (A X')' = X A'
            return Rows(linear(x.node, a.T), (a.shape[0],), 1)
        raise site.refuse("a constant precedes rows that are not columns", "put the rows first")
    raise site.refuse(BOTH_VARY, "export a graph in which one is constant")


def _times(site: Site, x: Rows, weights: np.ndarray) -> Rows:
    if weights.ndim > 2 or not x.tail or x.axis == x.rank - 1 or x.tail[-1] != weights.shape[0]:
        raise site.refuse(f"it multiplies rows of {list(x.tail)} by {list(weights.shape)}", "multiply by one matrix")
    vectors, shared = x.places().reshape(-1, x.tail[-1]), _weights(weights, x.node)
    check_parts(len(vectors))
    parts = [ops.Linear(x.of(x.pick(group), (len(group),)).matrix, shared) for group in vectors]
    tail = (*x.tail[:-1], *weights.shape[1:])
    node = parts[0] if len(parts) == 1 else ops.Concat(tuple(parts))
    return x.of(node if tail else Rows(node, (1,)).single, tail)


def linear(x: Node, weights: np.ndarray, bias: np.ndarray | None = None) -> Node:
    """Return ``x @ weights + bias`` in the type of x."""
    columns = weights.shape[1] if weights.ndim == 2 else 1
    intercepts = None if bias is None or not np.any(bias) else vector(bias, columns, x.type.dtype)
    return ops.Linear(x, _weights(weights, x), intercepts)


def _weights(weights: np.ndarray, x: Node) -> Parameter:
    return Parameter.of(np.ascontiguousarray(weights, x.type.numpy))


@converts("", "Gemm")
def affine_product(site: Site) -> Rows:
    """Compute ``alpha A B + beta C``, with constant B."""
    alpha, beta = site.number("alpha", 1.0), site.number("beta", 1.0)
    site.without_effect("broadcast")
    a, b = site.value(0), site.value(1)
    if not isinstance(a, Rows) or not isinstance(b, np.ndarray):
        raise site.refuse("its first side is constant, or its second depends on the rows", "put the rows first")
    x = site.numbers(0, "f32", "f64")
    weights = b.T if site.integer("transB", 0) else b
    if x.axis != site.integer("transA", 0) or len(x.tail) != 1:
        raise site.refuse("its rows are not rows of the first matrix", "export it without transA")
    c = site.value(2) if site.has(2) else np.zeros(1, x.node.type.numpy)
    scaled = np.asarray(weights * weights.dtype.type(alpha))
    width = weights.shape[1]
    if isinstance(c, np.ndarray):
        return Rows(linear(x.matrix, scaled, _bias(site, c, width) * c.dtype.type(beta)), (width,))
    y, c = Rows(linear(x.matrix, scaled), (width,)), site.numbers(2)
    if c.axis or len(c.tail) > 1 or c.node.type.columns not in (1, width):
        raise ValueError(f"it adds rows of {list(c.tail)} to {width} columns")
    added = c if beta == 1 else c.of(ops.Affine(c.dense, vector(beta, c.node.type.columns, c.dtype)))
    return combine(site, [y, added], lambda left, right: ops.Arithmetic(left, right, "add"))


def _bias(site: Site, c: np.ndarray, width: int) -> np.ndarray:
    """Return the constant C as one number for all columns, or one per column."""
    if c.ndim > 1 and c.shape[0] != 1:
        raise site.refuse("a constant differs from row to row", "export a graph for any number of rows")
    if c.size not in (1, width) or c.ndim > 2:
        raise ValueError(f"C of {list(c.shape)} does not fit {width} columns")
    return np.ravel(c)


def as_floats(x: Rows) -> Rows:
    """Convert numbers as the operators of ``ai.onnx.ml`` do: to float32, unless they are float64."""
    return x if x.dtype in ("f32", "f64") else x.of(cast(x.dense, "f32"))


def features(site: Site, place: int = 0) -> Rows:
    """Return an input as floats, one list of features per row."""
    x = as_floats(site.numbers(place))
    if x.axis or len(x.tail) != 1:  # of one dimension, the rows would be the features of one row
        raise site.refuse(f"it is given rows of {list(x.tail)}", "give it one list of features per row")
    return Rows(x.matrix, (prod(x.tail),))


def singles(site: Site) -> Rows:
    """Return an input as float32, one list of features per row: the classifiers of ONNX Runtime compute in it."""
    x = features(site)
    return x.of(cast(x.node, "f32"))
