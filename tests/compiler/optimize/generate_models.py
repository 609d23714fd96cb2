"""Makers of products with weights, distances, and trees."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.linear import METRICS
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import (
    Draw,
    is_dense,
    is_float,
    is_matrix,
    is_wide,
    makes,
    simple,
)

simple(
    ops.RequireFiniteProduct,
    lambda n: is_wide(n) and is_matrix(n),
    lambda d, x: {
        "weights": d.array(x.type.columns, 2),
        "bias": d.maybe(lambda: d.array(2)),
        "owner": "A",
        "mean": d.maybe(lambda: d.array(x.type.columns)),
    },
)
simple(
    ops.Distances,
    is_float,
    lambda d, x: {"centers": d.array(3, x.type.columns), "metric": d.dice.choice(METRICS)},
)
simple(
    ops.NormalizedLinear,
    lambda n: n.type.dtype == "f64",
    lambda d, x: {"weights": d.array(x.type.columns), "bias": d.maybe(lambda: d.array(1)), "norm": "l2"},
)


@makes(ops.Linear)
def _linear(draw: Draw) -> Node | None:
    x = draw.pick(is_float)
    if x is None:
        return None
    k = draw.dice.choice([None, 1, 2, 4])
    dtype = draw.dice.choice(["f8", "f8", "f8", "f4"])
    weights = draw.array(x.type.columns, *([] if k is None else [k]), dtype=dtype)
    return ops.Linear(x, weights, draw.maybe(lambda: draw.array(k or 1)))


@makes(ops.Sum)
def _sum(draw: Draw) -> Node | None:
    first = draw.pick(is_dense)
    if first is None:
        return None
    parts = [first, *(node for node in draw.nodes if node.type == first.type and draw.dice.random() < 0.5)]
    return ops.Sum(tuple(parts), draw.maybe(lambda: draw.array(first.type.columns)))


@makes(ops.TreeEnsemble)
def _trees(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: is_matrix(n) and is_dense(n))
    if x is None:
        return None
    return ops.TreeEnsemble(
        x,
        roots=Parameter.of(np.array([0, 3], np.int32)),
        feature=Parameter.of(np.array([draw.dice.randrange(x.type.columns), 0, 0, 0], np.int32)),
        threshold=Parameter.of(np.array([draw.dice.uniform(-1, 1), 0, 0, 0])),
        left=Parameter.of(np.array([1, -1, -1, -1], np.int32)),
        right=Parameter.of(np.array([2, 0, 1, 2], np.int32)),
        missing_left=Parameter.of(np.array([True, False, False, False])),
        leaves=draw.array(3),
        base=draw.array(1),
    )


@makes(ops.TreeContributions)
def _contributions(draw: Draw) -> Node | None:
    forest = next((node for node in draw.nodes if isinstance(node, ops.TreeEnsemble)), None) or _trees(draw)
    if forest is None:
        return None
    shared = {name: getattr(forest, name) for name in ops.TreeEnsemble.fields if name != "base"}
    return ops.TreeContributions(
        **shared,
        cover=Parameter.of(np.array([9, 4, 5, 7], np.float32)[: len(forest.feature)]),
        bias=draw.array(1),
        width=forest.x.type.columns,
        interactions=draw.dice.random() < 0.3 and forest.x.type.columns < 20,
    )
