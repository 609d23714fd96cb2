"""Makers of the operators that move columns or change their layout."""

from __future__ import annotations

import math

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import (
    Draw,
    is_matrix,
    is_number,
    makes,
    simple,
)

simple(
    ops.Constant,
    lambda n: n.type.layout != "ragged",
    lambda d, x: {"row": Parameter.of(d.maybe(lambda: d.array(1, 2), d.array(1)).array)},
)
simple(
    ops.Select,
    is_matrix,
    lambda d, x: {"columns": Parameter.of(np.array(_some_columns(d, x.type.columns), np.int64))},
)
simple(
    ops.Column,
    lambda n: is_matrix(n) and n.type.layout == "dense",
    lambda d, x: {"index": d.dice.randrange(x.type.columns)},
)
simple(ops.Cast, is_number, lambda d, x: {"dtype": d.dice.choice(["f64", "f64", "f32", "i64"])})
simple(
    ops.Densify,
    lambda n: n.type.layout == "sparse",
    lambda d, x: {
        "absent": d.maybe(lambda: d.dice.choice([math.nan, 1.0]), 0.0) if x.type.is_float else 0.0,
        "repeats": d.maybe(lambda: "last", "sum"),
    },
)


@makes(ops.Concat)
def _concat(draw: Draw) -> Node | None:
    parts = [draw.pick(is_number) for _ in range(draw.dice.randint(1, 4))]
    return ops.Concat(tuple(part for part in parts if part is not None))


def _some_columns(draw: Draw, width: int) -> list[int]:
    if draw.dice.random() < 0.15:
        return list(range(width))
    return draw.dice.sample(range(width), draw.dice.randint(1, width))
