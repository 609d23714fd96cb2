"""One column of a selection is read from the original matrix."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Column, Select


@rule(on(Column, x=Select))
def column_of_select(graph: Graph, column: Column, select: Select) -> Node | None:
    """Column j of the columns selected by ``a`` is column ``a[j]``, so the others need not be selected.

    Before::

        %x = input column="x" kind="f64[5]"
        %1 = select %x columns=@a
        %2 = column %1 index=1
        output "y" = %2

    After::

        %x = input column="x" kind="f64[5]"
        %1 = column %x index=3
        output "y" = %1

    Where::

        a = np.array([4, 3, 2])
    """
    return Column(select.x, int(select.columns.array[column.index]))
