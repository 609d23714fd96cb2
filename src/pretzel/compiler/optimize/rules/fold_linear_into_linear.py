"""A projection in front of a linear model merges with it."""

from __future__ import annotations

from pretzel.compiler.optimize.budget import PRODUCT
from pretzel.compiler.optimize.folding import add_bias, float64, matrix, multiply, usable
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Linear))
def fold_linear_into_linear(graph: Graph, outer: Linear, inner: Linear) -> Node | None:
    """``(x @ V + a) @ w + b = x @ (V @ w) + (a @ w + b)``: latent semantic analysis and its classifier share one table.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = linear %1 weights=@V:f64[4,3] bias=@a:f64[3]
        %3 = linear %2 weights=@w:f64[3] bias=@b:f64[1]
        output "y" = %3

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = linear %1 weights=@Vw bias=@c
        output "y" = %2

    Where::

        Vw = V @ w
        c = a @ w + b
    """
    if graph.shared(inner) or inner.type.dtype != "f64" or not graph.loose(outer):
        return None
    if not graph.bound(inner).finite:  # x = inf: the inner sums are NaN or inf by column, the product differs
        return None
    if outer.type.columns > inner.type.columns:  # two steps through a narrow middle are cheaper: 9 -> 1 -> 9
        return None
    if not graph.budget.affords(PRODUCT * inner.weights.array.size * outer.type.columns):
        return None
    weights = multiply(matrix(inner.weights), matrix(outer.weights))
    if not usable(weights):
        return None
    bias = outer.bias
    if inner.bias is not None:
        bias = add_bias(bias, multiply(float64(inner.bias)[None], matrix(outer.weights)))
    return Linear(inner.x, Parameter.of(weights.reshape(-1, *outer.weights.shape[1:])), bias)
