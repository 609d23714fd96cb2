"""A scaling in front of a linear model moves into its weights."""

from __future__ import annotations

from pretzel.compiler.optimize.bounds import largest
from pretzel.compiler.optimize.folding import LARGEST_SHIFT, add_bias, float64, matrix, multiply, scaled_rows
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Linear
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Affine))
def fold_affine_into_linear(graph: Graph, linear: Linear, affine: Affine) -> Node | None:
    """A scaled feature times a weight is the feature times a scaled weight.

    ``(x s + t) @ w + b = x @ (s w) + (t @ w + b)``

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = affine %x scale=@s:f64[3] shift=@t:f64[3]
        %2 = linear %1 weights=@w:f64[3,2] bias=@b:f64[2]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = linear %x weights=@sw bias=@c
        output "y" = %1

    Where::

        sw = s[:, None] * w
        c = t @ w + b
    """
    if graph.shared(affine) or affine.type.dtype != "f64" or not graph.loose(linear):
        return None
    if affine.shift is not None and largest(affine.shift) > LARGEST_SHIFT:  # it would cancel digits of x w
        return None
    weights = scaled_rows(matrix(linear.weights), float64(affine.scale))
    if weights is None:
        return None
    bias = linear.bias
    if affine.shift is not None:
        bias = add_bias(bias, multiply(float64(affine.shift)[None], matrix(linear.weights)))
    return Linear(affine.x, Parameter.of(weights.reshape(linear.weights.shape)), bias)
