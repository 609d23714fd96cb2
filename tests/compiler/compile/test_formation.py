"""Stage formation: memory-bound chains are one pass up to a breaker, compute-bound operators are separate passes."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.formation import form
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import definition

X = ops.Input("x", "f64[3]")
ONES = Parameter.of(np.arange(1.0, 4.0))


def scaled(x: Node) -> Node:
    return ops.Affine(x, ONES, ONES)


def clipped(x: Node) -> Node:
    return ops.Clip(x, Parameter.of(np.zeros(3)), ONES)


def normalized(x: Node) -> Node:
    return ops.Normalize(x, "l2")


def product(x: Node) -> Node:
    return ops.Linear(x, Parameter.of(np.arange(9.0).reshape(3, 3)))


@pytest.mark.parametrize(
    ("chain", "want"),
    [
        ([scaled, clipped], [("memory", ["affine", "clip"])]),
        ([scaled, normalized], [("memory", ["affine", "normalize"])]),  # the norm ends the pass
        ([normalized, scaled], [("memory", ["normalize"]), ("memory", ["affine"])]),
        ([scaled, product], [("memory", ["affine"]), ("compute", ["linear"])]),
        ([product, scaled], [("compute", ["linear"]), ("memory", ["affine"])]),
        ([product, product], [("compute", ["linear"]), ("compute", ["linear"])]),
        ([], []),
    ],
)
def test_passes_end_at_breakers_and_at_arithmetic(chain: list, want: list) -> None:
    node: Node = X
    for step in chain:
        node = step(node)
    plan = compile_plan(Definition({"y": node})).plan
    assert [(one.kind, [plan.stages[i].operator for i in one.stages]) for one in form(plan)] == want


def test_columns_scaled_separately_are_one_pass() -> None:
    scalings = [ops.Standardize(ops.Input(name, "f64"), Parameter.of(np.ones(1)), None) for name in "abc"]
    plan = compile_plan(Definition({"y": ops.Concat(tuple(scalings))})).plan
    (one,) = form(plan)
    assert (one.kind, one.breaks, one.stages) == ("memory", True, [0, 1, 2, 3])


@pytest.mark.parametrize("seed", range(40))
def test_each_stage_is_in_one_pass_and_passes_read_only_earlier_ones(seed: int) -> None:
    plan = compile_plan(definition(seed)).plan
    passes = form(plan)
    assert sorted(i for one in passes for i in one.stages) == list(range(len(plan.stages)))
    at = {len(plan.inputs) + i: number for number, one in enumerate(passes) for i in one.stages}
    for number, one in enumerate(passes):
        assert one.stages == sorted(one.stages)
        for i in one.stages:
            assert all(at[slot] <= number for slot in plan.stages[i].inputs if slot in at)
