"""One column of a concatenation is a column of one of its parts."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Column, Concat


@rule(on(Column, x=Concat))
def column_of_concat(graph: Graph, column: Column, concat: Concat) -> Node | None:
    """A column depends on no other part of the concatenation.

    Before::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = concat %a %b
        %2 = column %1 index=3
        output "y" = %2

    After::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = column %b index=1
        output "y" = %1
    """
    index, parts = column.index, iter(concat.parts)
    part = next(parts)
    while index >= part.type.columns:
        index, part = index - part.type.columns, next(parts)
    if not all(graph.droppable(other) for other in concat.parts if other is not part):
        return None  # a NaN in another column is still rejected
    taken = part if part.type.width is None else Column(part, index)
    # The concatenation promotes an integer column to float if another part is float.
    return taken if taken.type == column.type else None
