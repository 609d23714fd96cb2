"""The final transform of scores in models of ``ai.onnx.ml`` (``post_transform``)."""

from __future__ import annotations

import numpy as np

from pretzel.importers.onnx.reductions import reduce
from pretzel.importers.onnx.registry import Site
from pretzel.importers.onnx.values import Rows, concat, constant
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
NEAR_ZERO = 1e-7
"""Scores this close to zero stay zero under SOFTMAX_ZERO."""


def transform_of(site: Site) -> str:
    """Return the name of the transform of a node."""
    name = site.text("post_transform", "NONE")
    if name not in TRANSFORMS:
        raise site.refuse(f"post_transform is {name[:40]!r}", f"expected one of {', '.join(TRANSFORMS)}")
    return name


def transformed(scores: Node, transform: str) -> Node:
    """Apply a transform to scores."""
    if transform == "LOGISTIC":
        return ops.Link(scores, "sigmoid")
    if transform == "SOFTMAX":
        return ops.Link(scores, "softmax")
    if transform == "SOFTMAX_ZERO":
        return _softmax_zero(_rows(scores))
    if transform == "PROBIT":
        return _probit(_rows(scores))
    return scores


def transformed_targets(site: Site, scores: Node, transform: str) -> Node:
    """Apply a transform to the scores of a regressor; refuse most transforms of a single score.

    ONNX would apply them, ONNX Runtime does not.
    """
    if scores.type.columns == 1 and transform in ("SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"):
        raise site.refuse(f"ONNX does not define {transform} of a single score", "apply it in a separate operator")
    return transformed(scores, transform)


def _rows(node: Node) -> Rows:
    kind: ValueType = node.type
    return Rows(node, () if kind.width is None else (kind.columns,))


def _softmax_zero(x: Rows) -> Node:
    """Return a softmax in which scores near 0 are multiplied by ``exp(-max)`` and not exponentiated."""
    width = x.tail[0]
    largest = reduce(x, x.places()[None], "maximum")
    powers = ops.Elementwise(ops.Arithmetic(x.node, largest, "subtract"), "exp")
    small = ops.Arithmetic(x.node, ops.Elementwise(ops.Elementwise(largest, "negative"), "exp"), "multiply")
    limit = constant(np.array([NEAR_ZERO], x.node.type.numpy), x)
    parts = ops.Where(ops.Compare(limit, ops.Elementwise(x.node, "abs"), "less"), powers, small)
    total = reduce(x.of(parts), np.arange(width)[None], "sum")
    zero, half = (constant(np.array([value], x.node.type.numpy), x) for value in (0, 0.5))
    return ops.Where(ops.Compare(total, zero, "equal"), half, ops.Arithmetic(parts, total, "divide"))


def _probit(x: Rows) -> Node:
    """Approximate the quantile of the normal distribution by Winitzki's formula, as ONNX Runtime does."""

    def number(value: float) -> Node:
        return constant(np.array(value, x.node.type.numpy), x)

    def of(a: Node, function: str, b: Node) -> Node:
        return ops.Arithmetic(a, b, function)

    y = of(of(x.node, "multiply", number(2)), "subtract", number(1))
    sign = ops.Where(ops.Compare(y, number(0), "less"), number(-1), number(1))
    inside = of(of(number(1), "subtract", y), "multiply", of(number(1), "add", y))
    log = ops.Elementwise(inside, "log")
    v = of(number(2 / (np.pi * 0.147)), "add", of(number(0.5), "multiply", log))
    v2 = of(number(1 / 0.147), "multiply", log)
    v3 = of(ops.Elementwise(v, "negative"), "add", ops.Elementwise(of(of(v, "multiply", v), "subtract", v2), "sqrt"))
    return of(of(number(1.41421356), "multiply", sign), "multiply", ops.Elementwise(v3, "sqrt"))


def pair(first: Node, second: Node) -> Node:
    """Return two columns, from one value per row each."""
    return concat([first, second])


def two_scores(score: Node, transform: str, *, of_probability: bool) -> Node:
    """Return the scores of two classes from one score: its complement to 1, or its negative, and the score.

    LOGISTIC is the only transform that is applied here, as in ONNX Runtime.
    """
    if transform == "LOGISTIC":
        return ops.Link(score, "sigmoid_pair")
    return ops.Link(score, "complement_pair") if of_probability else pair(ops.Elementwise(score, "negative"), score)
