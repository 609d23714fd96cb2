"""Makers of functions of two values and of reductions."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.binary import ARITHMETIC, COMPARISONS
from pretzel.plan.ops.reductions import REDUCTIONS
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import Draw, makes


def _two(draw: Draw) -> tuple[Node, Node] | None:
    first = draw.pick(lambda node: node.type.is_float and node.type.layout == "dense")
    if first is None:
        return None
    fits = [node for node in draw.nodes if node.type.dtype == first.type.dtype and node.type.layout == "dense"]
    return first, draw.dice.choice([node for node in fits if node.type.columns in (1, first.type.columns)] or [first])


@makes(ops.Arithmetic)
def _arithmetic(draw: Draw) -> Node | None:
    two = _two(draw)
    return None if two is None else ops.Arithmetic(*two, draw.dice.choice(ARITHMETIC))


@makes(ops.Compare)
def _compare(draw: Draw) -> Node | None:
    two = _two(draw)
    return None if two is None else ops.Compare(*two, draw.dice.choice(COMPARISONS))


@makes(ops.Where)
def _where(draw: Draw) -> Node | None:
    two = _two(draw)
    return None if two is None else ops.Where(ops.Compare(*two, "less"), *two)


@makes(ops.Reduce)
def _reduce(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type.is_float and node.type.layout == "dense" and bool(node.type.columns))
    if x is None:
        return None
    width = x.type.columns
    chosen = [[draw.dice.randrange(width) for _ in range(2)] for _ in range(draw.dice.randint(1, 3))]
    return ops.Reduce(x, Parameter.of(np.array(chosen, np.int64)), draw.dice.choice(REDUCTIONS))
