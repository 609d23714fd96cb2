"""A check of a product moves in front of the scaling before it, so that the scaling can fold into the weights."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, RequireFiniteProduct, Standardize


@rule(on(Linear, x=on(RequireFiniteProduct, x=Standardize)))
def check_product_before_scaling(
    graph: Graph, linear: Linear, check: RequireFiniteProduct, scaling: Standardize
) -> Node | None:
    """The check itself can scale the few rows that it multiplies.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = standardize %x mean=@m:f64[3] scale=@s:f64[3]
        %2 = require_finite_product %1 weights=@v:f64[3,2] owner="LogisticRegression"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3

    After::

        %x = input column="x" kind="f64[3]"
        %1 = require_finite_product %x weights=@v:f64[3,2] owner="LogisticRegression" mean=@m:f64[3] scale=@s:f64[3]
        %2 = standardize %1 mean=@m:f64[3] scale=@s:f64[3]
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3
    """
    if graph.shared(check) or graph.shared(scaling):  # it is computed anyway
        return None
    if check.mean is not None or check.scale is not None:  # it can apply only one scaling
        return None
    for parameter in (p for p in (scaling.mean, scaling.scale) if p is not None):
        if parameter.dtype != "f64" or not graph.finite(parameter):
            return None
    if scaling.scale is not None and not scaling.scale.array.all():  # a division by zero is finite for no x
        return None
    return linear.replace(x=scaling.replace(x=check.replace(x=scaling.x, mean=scaling.mean, scale=scaling.scale)))
