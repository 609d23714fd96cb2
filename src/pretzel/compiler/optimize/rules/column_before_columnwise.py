"""One column is selected before scaling, not from the whole scaled matrix."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.columns import COLUMNWISE, over_columns
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Column


@rule(on(Column))
def column_before_columnwise(graph: Graph, column: Column) -> Node | None:
    """A scaled column is computed from that column alone, to the bit.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = affine %x scale=@s:f64[3]
        %2 = column %1 index=2
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = column %x index=2
        %2 = affine %1 scale=@of_2
        output "y" = %2

    Where::

        of_2 = s[2:]
    """
    scaling = column.x
    if type(scaling) not in COLUMNWISE or graph.shared(scaling):  # it is computed anyway
        return None
    if scaling.refuses:  # it still rejects values in other columns
        return None
    return over_columns(scaling, np.array([column.index]), column.replace(x=scaling.inputs[0]))
