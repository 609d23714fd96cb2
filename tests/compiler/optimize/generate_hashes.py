"""Makers of hashes of categories, for random definitions."""

from __future__ import annotations

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.types import TEXT, dense
from tests.compiler.optimize.generate import Draw, makes


@makes(ops.CategoryHash)
def _category_hash(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type in (TEXT, dense("i64")))
    return None if x is None else ops.CategoryHash(x, "c")


@makes(ops.CombineHashes)
def _combine_hashes(draw: Draw) -> Node | None:
    parts = [draw.pick(lambda node: node.type == dense("i64")) for _ in range(draw.dice.randint(1, 3))]
    return ops.CombineHashes(tuple(part for part in parts if part is not None))
