"""Checks move in front of a concatenation, to the parts that can fail them."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat, RequireFinite


@rule(on(RequireFinite, x=Concat))
def check_parts_before_concat(graph: Graph, check: RequireFinite, concat: Concat) -> Node | None:
    """A matrix is finite if all its parts are, and a part that is finite by construction needs no check.

    Before::

        %x = input column="x" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=3
        %2 = concat %x %1
        %3 = require_finite %2 owner="Ridge"
        output "y" = %3

    After::

        %x = input column="x" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = require_finite %x owner="Ridge"
        %2 = one_hot %c width=3
        %3 = concat %1 %2
        output "y" = %3
    """
    if graph.shared(concat):  # its other reader takes the unchecked matrix, which would be copied twice
        return None
    parts = tuple(part if graph.bound(part).finite else check.replace(x=part) for part in concat.parts)
    proven = any(new is old for new, old in zip(parts, concat.parts, strict=True))
    if not proven and concat.type.layout == "dense":  # one check of the whole is cheaper than one of each part
        return None
    return concat.replace(parts=parts)
