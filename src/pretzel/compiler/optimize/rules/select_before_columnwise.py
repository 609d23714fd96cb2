"""Columns are selected before scaling, so that dropped columns are not scaled."""

from __future__ import annotations

from pretzel.compiler.optimize.columns import COLUMNWISE, over_columns
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Select


@rule(on(Select))
def select_before_columnwise(graph: Graph, select: Select) -> Node | None:
    """Each scaled column is computed from that column alone, to the bit, so the selection can come first.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = standardize %x mean=@m:f64[3]
        %2 = select %1 columns=@chosen
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = select %x columns=@chosen
        %2 = standardize %1 mean=@chosen_m
        output "y" = %2

    Where::

        chosen = np.array([2, 0])
        chosen_m = m[chosen]
    """
    scaling, columns = select.x, select.columns.array
    if type(scaling) not in COLUMNWISE or graph.shared(scaling):  # it is computed anyway
        return None
    if len(columns) > scaling.type.columns:  # a column selected twice would be scaled twice
        return None
    if scaling.refuses:  # it still rejects values in unselected columns
        return None
    return over_columns(scaling, columns, select.replace(x=scaling.inputs[0]))
