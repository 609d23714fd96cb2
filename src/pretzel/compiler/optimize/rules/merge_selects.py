"""Two consecutive selections of columns are merged."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Select
from pretzel.plan.parameter import Parameter


@rule(on(Select, x=Select))
def merge_selects(graph: Graph, outer: Select, inner: Select) -> Node | None:
    """Column j of the columns selected by ``a`` is column ``a[j]``.

    Before::

        %x = input column="x" kind="f64[5]"
        %1 = select %x columns=@a
        %2 = select %1 columns=@b
        output "y" = %2

    After::

        %x = input column="x" kind="f64[5]"
        %1 = select %x columns=@ab
        output "y" = %1

    Where::

        a = np.array([4, 0, 2])
        b = np.array([2, 0])
        ab = np.array([2, 4])
    """
    if graph.shared(inner):  # it is computed anyway, and selecting from fewer columns is cheaper
        return None
    return inner.replace(columns=Parameter.of(inner.columns.array[outer.columns.array]))
