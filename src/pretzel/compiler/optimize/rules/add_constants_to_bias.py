"""Constant parts of a sum move into its bias."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import add_bias, float64
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Constant, Sum


@rule(on(Sum))
def add_constants_to_bias(graph: Graph, total: Sum) -> Node | None:
    """A constant that is added to every row is added once to the bias.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = constant %x row=@row
        %2 = sum %x %1 bias=@b:f64[2]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[2]"
        %1 = sum %x bias=@c
        output "y" = %1

    Where::

        row = np.array([[3.0, 4.0]])
        c = row[0] + b
    """
    others = tuple(part for part in total.parts if not isinstance(part, Constant))
    if not others or others == total.parts or not graph.loose(total):  # a sum of constants is itself constant
        return None
    rows = [float64(part.row).ravel() for part in total.parts if isinstance(part, Constant)]
    return Sum(others, add_bias(total.bias, np.add.reduce(rows)))
