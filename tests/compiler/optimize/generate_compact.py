"""Makers of products with compact weights."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import Draw, makes


@makes(ops.CompactLinear)
def _compact_linear(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type.is_float and node.type.columns <= 64)
    if x is None:
        return None
    k, width = draw.dice.choice([None, 1, 3]), x.type.columns
    mask = draw.maybe(lambda: draw.dice.getrandbits(64) & ((1 << width) - 1))
    rows = width if mask is None else mask.bit_count()
    weights = draw.array(rows, *([] if k is None else [k])).array
    halves = draw.maybe(lambda: weights.astype(np.float16).view(np.uint16), weights.astype(np.float32))
    word = None if mask is None else Parameter.of(np.array([mask], np.uint64))
    return ops.CompactLinear(x, Parameter.of(halves), word, None, draw.dice.choice(["", "l2"]))
