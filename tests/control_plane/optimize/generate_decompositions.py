"""How the operators of decompositions and of ensembles are made over a value that fits."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.control_plane.optimize.generate import Draw, makes


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
