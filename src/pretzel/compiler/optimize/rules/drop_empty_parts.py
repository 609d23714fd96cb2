"""Parts without columns are removed from a concatenation."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat


@rule(on(Concat))
def drop_empty_parts(graph: Graph, concat: Concat) -> Node | None:
    """A selection of no columns adds nothing to the other parts.

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
    nonempty = tuple(part for part in concat.parts if part.type.columns or not graph.droppable(part))
    if not nonempty or len(nonempty) == len(concat.parts):  # a check in an empty part still rejects rows
        return None
    narrowed = concat.replace(parts=nonempty)
    # The empty part may have made the whole sparse or float.
    return narrowed if narrowed.type == concat.type else None
