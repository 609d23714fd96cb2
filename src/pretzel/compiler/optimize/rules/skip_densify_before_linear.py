"""A linear model reads sparse rows directly."""

from __future__ import annotations

import math

from pretzel.compiler.optimize.bounds import largest
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Densify, Linear


@rule(on(Linear, x=Densify))
def skip_densify_before_linear(graph: Graph, linear: Linear, densify: Densify) -> Node | None:
    """Zeros add nothing to the sum, so they need not be stored.

    Before::

        %c = input column="c" kind="i64"
        %1 = one_hot %c width=3
        %2 = densify %1
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3

    After::

        %c = input column="c" kind="i64"
        %1 = one_hot %c width=3
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2
    """
    if not densify.is_toarray:  # absent values may be NaN, or the last of several values counts
        return None
    if graph.shared(densify) or not graph.loose(linear):
        return None
    if largest(linear.weights) == math.inf:  # zero times an infinite weight is NaN, which would be lost
        return None
    return linear.replace(x=densify.x)
