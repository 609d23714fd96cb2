"""Makers of kernel methods and neighbors for the random definitions of :mod:`generate`."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.combine import COMBINATIONS
from pretzel.plan.ops.neighbors import BLENDS, TREE_METRICS
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import Draw, makes


@makes(ops.Combine)
def _combine(draw: Draw) -> Node | None:
    first = draw.pick(_is_dense)
    if first is None:
        return None
    others = [node for node in draw.nodes if node.type == first.type and draw.dice.random() < 0.5]
    return ops.Combine((first, *others), draw.dice.choice(COMBINATIONS))


@makes(ops.Coupling)
def _coupling(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: str(node.type) in ("f64", "f64[3]"))
    if x is None:
        return None
    low, high = (Parameter.of(np.full(x.type.columns, limit)) for limit in (0.1, 0.9))
    return ops.Coupling(ops.Clip(x, low, high))


@makes(ops.Nearest)
def _nearest(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: _is_dense(node) and bool(node.type.width))
    return None if x is None else ops.Nearest(x, draw.dice.randint(1, x.type.columns))


@makes(ops.NearestInTree)
def _nearest_in_tree(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: _is_dense(node) and node.type.dtype == "f64")
    if x is None:
        return None
    rows, boxes = draw.array(6, x.type.columns), np.full((1, x.type.columns), 3.0)
    order, spans = Parameter.of(np.array([3, 1, 0, 5, 2, 4])), Parameter.of(np.array([[0, 6]]))
    low, high, metric = Parameter.of(-boxes), Parameter.of(boxes), draw.dice.choice(TREE_METRICS)
    return ops.NearestInTree(x, rows, order, spans, low, high, draw.dice.randint(1, 6), metric)


@makes(ops.TreeDensity)
def _tree_density(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: _is_dense(node) and node.type.dtype == "f64")
    if x is None:
        return None
    rows, boxes = draw.array(6, x.type.columns), np.full((1, x.type.columns), 3.0)
    arrays = (np.zeros(6), np.array([[0, 6]]), np.array([6.0]), -boxes, boxes)
    options = {"total": 6.0, "bandwidth": 2.0, "norm": -1.0, "metric": draw.dice.choice(TREE_METRICS)}
    kernel = draw.dice.choice(("gaussian", "exponential"))
    return ops.TreeDensity(x, rows, *map(Parameter.of, arrays), kernel=kernel, **options)


@makes(ops.Gather)
def _gather(draw: Draw) -> Node | None:
    x, positions = draw.pick(lambda node: _is_dense(node) and bool(node.type.width)), draw.pick(_is_positions)
    return None if x is None or positions is None else ops.Gather(x, positions)


@makes(ops.Blend)
def _blend(draw: Draw) -> Node | None:
    positions = draw.pick(_is_positions)
    if positions is None:
        return None
    weights = draw.pick(lambda node: str(node.type) == f"f64[{positions.type.width}]")
    if weights is None:
        weights = ops.Constant(positions, draw.array(1, positions.type.columns))
    table = draw.maybe(lambda: draw.array(4), draw.array(3, 2))
    return ops.Blend(positions, weights, table, draw.dice.choice(BLENDS))


@makes(ops.Barycenter)
def _barycenter(draw: Draw) -> Node | None:
    x, positions = draw.pick(lambda node: _is_dense(node) and node.type.dtype == "f64"), draw.pick(_is_positions)
    if x is None or positions is None:
        return None
    # A large share of the trace keeps the effect of the last bits of x small.
    return ops.Barycenter(ops.Clip(x, *_limits(x)), positions, draw.array(6, x.type.columns), 0.5)


def _limits(x: Node) -> tuple[Parameter, Parameter]:
    return Parameter.of(np.full(x.type.columns, -10.0)), Parameter.of(np.full(x.type.columns, 10.0))


@makes(ops.Scatter)
def _scatter(draw: Draw) -> Node | None:
    positions = draw.pick(_is_positions)
    if positions is None:
        return None
    values = ops.Constant(positions, draw.array(1, positions.type.columns))
    return ops.Scatter(positions, values, draw.dice.randint(1, 6))


def _is_dense(node: Node) -> bool:
    return node.type.is_float and node.type.layout == "dense"


def _is_positions(node: Node) -> bool:
    return node.type.dtype == "i64" and node.type.layout == "dense" and bool(node.type.width)
