"""A linear model whose weights are all zero returns its bias."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.bounds import largest
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Constant, Linear
from pretzel.plan.parameter import Parameter


@rule(on(Linear))
def linear_of_zeros_is_constant(graph: Graph, linear: Linear) -> Node | None:
    """Zero times any number is zero: a model whose weights an l1 penalty set to zero need not be computed.

    Before::

        %x = input column="x" kind="str"
        %n = input column="n" kind="f64"
        %1 = constant %n row=@row
        %2 = linear %1 weights=@zeros bias=@b:f64[2]
        output "y" = %2

    After::

        %x = input column="x" kind="str"
        %n = input column="n" kind="f64"
        %1 = constant %n row=@biases
        output "y" = %1

    Where::

        row = np.array([[1.0, 2.0, 3.0]])
        zeros = np.zeros((3, 2))
        biases = b[None]
    """
    if largest(linear.weights) != 0 or graph.exact(linear):  # the zeros may differ in sign, and so in their reciprocals
        return None
    if not (graph.bound(linear.x).finite and graph.droppable(linear.x)):  # zero times infinity is NaN
        return None
    bias = np.zeros(linear.type.columns) if linear.bias is None else linear.bias.array
    shape = (1,) if linear.type.width is None else (1, -1)
    return Constant(graph.input_of(linear), Parameter.of(bias.astype(linear.type.numpy).reshape(shape)))
