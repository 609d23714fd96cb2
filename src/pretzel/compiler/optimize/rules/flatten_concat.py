"""A concatenation inside another is copied once instead of twice."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat


@rule(on(Concat))
def flatten_concat(graph: Graph, concat: Concat) -> Node | None:
    """Concatenation is associative.

    Before::

        %a = input column="a" kind="f64"
        %b = input column="b" kind="f64[2]"
        %c = input column="c" kind="f64"
        %1 = concat %b %c
        %2 = concat %a %1
        output "y" = %2

    After::

        %a = input column="a" kind="f64"
        %b = input column="b" kind="f64[2]"
        %c = input column="c" kind="f64"
        %1 = concat %a %b %c
        output "y" = %1
    """
    parts = tuple(inner for part in concat.parts for inner in _parts(graph, part))
    if parts == concat.parts:
        return None
    flat = concat.replace(parts=parts)
    # Promotion is not associative: i16, u16 and f32 promote to f32 at once, but i16 and u16 to i32, which with f32
    # promotes to f64.
    return flat if flat.type == concat.type else None


def _parts(graph: Graph, part: Node) -> tuple[Node, ...]:
    # A part with another reader is computed anyway, and copying it whole is cheapest.
    return part.parts if isinstance(part, Concat) and not graph.shared(part) else (part,)
