"""A scaling of a linear model's results moves into its weights."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import LARGEST_SHIFT, as_affine, float64, matrix, scaled_rows
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Linear, Standardize
from pretzel.plan.parameter import Parameter


@rule(on(Affine | Standardize, x=Linear))
def fold_scaling_behind_linear(graph: Graph, scaling: Affine | Standardize, linear: Linear) -> Node | None:
    """``(x @ w + b) s + t = x @ (w s) + (b s + t)``: whitened components, targets in original units.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = linear %x weights=@w:f64[3,2] bias=@b:f64[2]
        %2 = affine %1 scale=@s:f64[2] shift=@t:f64[2]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[3]"
        %1 = linear %x weights=@ws bias=@c
        output "y" = %1

    Where::

        ws = w * s
        c = b * s + t
    """
    if graph.shared(linear) or not graph.loose(scaling):
        return None
    scale, shift = as_affine(scaling)
    if shift is not None and not (np.abs(shift) <= LARGEST_SHIFT).all():  # it would cancel digits of x w
        return None
    weights = scaled_rows(matrix(linear.weights).T, scale)
    if weights is None:
        return None
    bias = None if linear.bias is None else float64(linear.bias) * scale
    bias = shift if bias is None else bias if shift is None else bias + shift
    folded = Parameter.of(np.ascontiguousarray(weights.T).reshape(linear.weights.shape))
    return Linear(linear.x, folded, None if bias is None else Parameter.of(bias))
