"""Standardization in front of a linear model moves into its weights."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import LARGEST_SHIFT, add_bias, float64, matrix, multiply, scaled_rows
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, Standardize
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Standardize))
def fold_standardize_into_linear(graph: Graph, linear: Linear, standardize: Standardize) -> Node | None:
    """``((x - m) / s) @ w + b = x @ (w / s) + (b - (m / s) @ w)``.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = standardize %x mean=@m:f64[3] scale=@s
        %2 = linear %1 weights=@w:f64[3] bias=@b:f64[1]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = linear %x weights=@ws bias=@c
        output "y" = %1

    Where::

        s = np.array([1.0, 2.0, 4.0])
        ws = w / s
        c = b - (m / s) @ w
    """
    if graph.shared(standardize) or standardize.type.dtype != "f64" or not graph.loose(linear):
        return None
    scale = np.ones(len(linear.weights)) if standardize.scale is None else float64(standardize.scale)
    mean = np.zeros(len(linear.weights)) if standardize.mean is None else float64(standardize.mean)
    if not (np.abs(scale) > 0).all():
        return None
    if not (np.abs(mean) <= LARGEST_SHIFT * np.abs(scale)).all():  # the mean would cancel digits that x - m keeps
        return None
    weights = scaled_rows(matrix(linear.weights), 1 / scale)
    if weights is None:
        return None
    bias = linear.bias
    if standardize.mean is not None:
        bias = add_bias(bias, multiply(-(mean / scale)[None], matrix(linear.weights)))
    return Linear(standardize.x, Parameter.of(weights.reshape(linear.weights.shape)), bias)
