"""Constants are folded as long as what is stored does not grow."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize import optimize
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def doubled(times: int) -> Definition:
    x = ops.Input("x", "f64")
    row: Node = ops.Constant(x, Parameter.of(np.ones((1, 1000))))
    for _ in range(times):
        row = ops.Concat((row, row))
    return Definition({"transform": row}, (x,))


def test_a_constant_that_doubles_at_each_step_is_not_stored():
    optimized = optimize(doubled(20))  # 8 GB, if it were
    assert sum(parameter.nbytes for parameter in optimized.parameters.values()) < 2 << 20
    assert optimized.outputs["transform"].type == doubled(20).outputs["transform"].type


def test_a_small_constant_is_folded_whatever_it_is_made_from():
    optimized = optimize(doubled(3))
    assert isinstance(optimized.outputs["transform"], ops.Constant)


def test_a_large_constant_is_folded_if_it_does_not_grow():
    x = ops.Input("x", "f64")
    row = ops.Constant(x, Parameter.of(np.ones((1, 200_000))))
    optimized = optimize(Definition({"transform": ops.Affine(row, Parameter.of(np.full(200_000, 2.0)))}, (x,)))
    (parameter,) = optimized.parameters.values()
    assert (parameter.array == 2.0).all()
