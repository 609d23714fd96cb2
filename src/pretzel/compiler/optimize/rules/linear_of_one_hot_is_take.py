"""A linear model over one category is a table lookup."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, OneHot, Sum, Take
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=OneHot))
def linear_of_one_hot_is_take(graph: Graph, linear: Linear, one_hot: OneHot) -> Node | None:
    """The product with a one-hot row is the weight of its category, or zero for a code without a column.

    Before::

        %c = input column="c" kind="i64"
        %1 = one_hot %c width=3
        %2 = linear %1 weights=@w:f64[3,2] bias=@b:f64[2]
        output "y" = %2

    After::

        %c = input column="c" kind="i64"
        %1 = take %c table=@w:f64[3,2] default=0.0
        %2 = sum %1 bias=@b:f64[2]
        output "y" = %2
    """
    # Exact to the bit, so it never declines: a sum of one product with 1.0 is never rounded.
    # The sum starts at 0.0, which turns a weight of -0.0 into 0.0, as the addition here does.
    kind = linear.type.numpy
    table = Parameter.of(linear.weights.array.astype(kind, copy=False) + 0.0)
    weights = Take(one_hot.codes, table, 0.0)
    if linear.bias is None:
        return weights
    # A sum adds a wider bias before it rounds, a linear model after.
    return Sum((weights,), Parameter.of(linear.bias.array.astype(kind, copy=False)))
