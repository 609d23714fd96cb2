"""The norm of a row divides the score instead of every feature."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.bounds import largest
from pretzel.compiler.optimize.folding import float64
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, Normalize, NormalizedLinear
from pretzel.plan.parameter import Parameter

_TINY = 1e-140
_HUGE = 1e300


@rule(on(Linear, x=Normalize))
def norm_after_dot(graph: Graph, linear: Linear, normalize: Normalize) -> Node | None:
    """``(x / |x|) @ w + b = (x @ w) / |x| + b``, with both sums in one pass.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = normalize %1 norm="l2"
        %3 = linear %2 weights=@w:f64[4] bias=@b:f64[1]
        output "y" = %3

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = normalized_linear %1 weights=@w:f64[4] bias=@b:f64[1] norm="l2"
        output "y" = %2
    """
    if graph.shared(normalize) or normalize.type.dtype != "f64" or not graph.loose(linear):
        return None  # float32 rows are rounded after the division, and that rounding is part of the result
    if normalize.type.layout != "sparse":  # a dense row with a norm below ten epsilons is not divided
        return None
    if normalize.norm != "l2":  # a row of 1e-300 has an l1 norm, and its products with small weights underflow
        return None
    limit = graph.bound(normalize.x).limit * largest(linear.weights) * len(linear.weights)
    if graph.bound(normalize.x).nan or not limit < _HUGE:  # x = 1e200, w = 1e200: the product overflows
        return None
    weights = float64(linear.weights)
    if ((weights != 0) & (np.abs(weights) < _TINY)).any():  # the shortest row with an l2 norm has values near 1e-162
        return None
    return NormalizedLinear(normalize.x, Parameter.of(weights), linear.bias, "l2")
