"""A check between a scaling and a linear model moves in front of the scaling, so that the two can merge."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.monotone import composed, finite_range, grows
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Linear, RequireFinite, RequireFiniteProduct, RequireWithin, Standardize
from pretzel.plan.parameter import Parameter


@rule(on(Linear | RequireFiniteProduct, x=RequireFinite))
def check_before_scaling(graph: Graph, reader: Linear | RequireFiniteProduct, check: RequireFinite) -> Node | None:
    """Rounded or not, ``(x - m) / s`` increases with x, so it is finite exactly for x between two numbers.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = standardize %x mean=@m:f64[2] scale=@s
        %2 = require_finite %1 owner="LogisticRegression"
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3

    After::

        %x = input column="x" kind="f64[2]"
        %1 = require_within %x low=@low high=@high owner="LogisticRegression"
        %2 = standardize %1 mean=@m:f64[2] scale=@s
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3

    Where::

        s = np.array([2.0, 0.5])
        most = np.finfo(float).max
        low = np.array([-most, -most / 2])
        high = np.array([most, most / 2])
    """
    scaling = check.x
    if not isinstance(scaling, (Affine, Standardize)) or str(scaling.type) != f"f64[{scaling.type.columns}]":
        return None  # float32 would not fold, and zeros that a sparse row does not store are not checked
    if graph.shared(scaling) or graph.shared(check):  # it is computed anyway
        return None
    if not grows(scaling):
        return None
    width = scaling.type.columns
    limits = finite_range(composed([scaling], np.arange(width)), width)
    if limits is None:
        return None
    low, high = map(Parameter.of, limits)
    inner = RequireWithin(scaling.x, low, high, check.owner, check.allow_nan)
    return reader.replace(x=scaling.replace(x=inner))
