"""Parts of no columns leave a concatenation."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat


@rule(on(Concat))
def drop_empty_parts(graph: Graph, concat: Concat) -> Node | None:
    """What a selection of nothing adds to the others is nothing.

    Before::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = select %b columns=@none
        %2 = concat %a %1
        output "y" = %2

    After::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = concat %a
        output "y" = %1

    Where::

        none = np.zeros(0, np.int64)
    """
    kept = tuple(part for part in concat.parts if part.type.columns or not graph.droppable(part))
    if not kept or len(kept) == len(concat.parts):  # a check behind an empty part still refuses its rows
        return None
    narrowed = concat.replace(parts=kept)
    # The empty part may have been what made the whole sparse, or float.
    return narrowed if narrowed.type == concat.type else None
