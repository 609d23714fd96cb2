"""A check between two linear models moves in front of the first, so that the two can merge."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, RequireFinite, RequireFiniteProduct


@rule(on(Linear, x=on(RequireFinite, x=Linear)))
def check_before_product(graph: Graph, outer: Linear, check: RequireFinite, inner: Linear) -> Node | None:
    """A projection of numbers is finite unless they are huge, so the check needs to project only huge ones.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = require_finite %x owner="PCA"
        %2 = linear %1 weights=@v:f64[3,2] bias=@a:f64[2]
        %3 = require_finite %2 owner="LogisticRegression"
        %4 = linear %3 weights=@w:f64[2]
        output "y" = %4

    After::

        %x = input column="x" kind="f64[3]"
        %1 = require_finite %x owner="PCA"
        %2 = require_finite_product %1 weights=@v:f64[3,2] bias=@a:f64[2] owner="LogisticRegression"
        %3 = linear %2 weights=@v:f64[3,2] bias=@a:f64[2]
        %4 = linear %3 weights=@w:f64[2]
        output "y" = %4
    """
    if graph.shared(check) or graph.shared(inner) or not graph.loose(outer):  # the first model is computed anyway
        return None
    if outer.type.columns > inner.type.columns or inner.weights.dtype != "f64":  # the two would not merge
        return None
    if str(inner.x.type) != f"f64[{inner.x.type.columns}]" or not graph.bound(inner.x).finite:
        return None  # a request may bring NaN or infinity, which turn one sum into NaN and not the other
    if not all(graph.finite(p) for p in (inner.weights, inner.bias) if p is not None):
        return None
    finite = RequireFiniteProduct(inner.x, inner.weights, inner.bias, check.owner)
    return outer.replace(x=inner.replace(x=finite))
