"""Makers of the operators of decompositions and of ensembles."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import Draw, makes


def _matrix(draw: Draw) -> Node | None:
    return draw.pick(lambda n: n.type.is_float and n.type.layout == "dense" and bool(n.type.width))


@makes(ops.WeightedMedian)
def _weighted_median(draw: Draw) -> Node | None:
    x = _matrix(draw)
    return None if x is None else ops.WeightedMedian(x, Parameter.of(np.abs(draw.array(x.type.columns).array)))


@makes(ops.Spline)
def _spline(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: n.type.is_float and n.type.layout == "dense" and n.type.columns <= 4)
    if x is None:
        return None
    knots = Parameter.of(np.tile(np.arange(-4.0, 5.0), (x.type.columns, 1)))
    return ops.Spline(x, knots, draw.dice.randint(0, 3), periodic=draw.dice.random() < 0.3)


@makes(ops.Topics)
def _topics(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: n.type.is_float and bool(n.type.width))
    if x is None:
        return None
    words = np.abs(draw.array(3, x.type.columns).array).astype(x.type.numpy) + x.type.numpy.type(0.1)
    return ops.Topics(ops.RequireFinite(x, "A"), Parameter.of(words), 0.5, -1.0, 2)


@makes(ops.MatchingPursuit)
def _pursuit(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: str(n.type).startswith("f64[") and bool(n.type.width))
    if x is None:
        return None
    return ops.MatchingPursuit(
        ops.RequireFinite(x, "A"), Parameter.of(np.eye(x.type.columns) + 0.1), draw.dice.randint(1, x.type.columns)
    )


@makes(ops.Sparsify)
def _sparsify(draw: Draw) -> Node | None:
    x = _matrix(draw)
    return None if x is None else ops.Sparsify(x)


@makes(ops.NormalProbability)
def _probability(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: n.type.dtype == "f64" and n.type.layout == "dense")
    return None if x is None else ops.NormalProbability(x)
