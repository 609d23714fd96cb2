"""A value that several estimators check is checked once."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite


@rule(on(RequireFinite))
def share_checks(graph: Graph, check: RequireFinite) -> Node | None:
    """Equal checks pass the same values, and the library also raises the error of the first.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = require_finite %x owner="PCA"
        %2 = linear %1 weights=@v:f64[2,2]
        %3 = require_finite %x owner="KMeans"
        %4 = distances %3 centers=@c:f64[3,2] metric="euclidean"
        output "y" = %2
        output "z" = %4

    After::

        %x = input column="x" kind="f64[2]"
        %1 = require_finite %x owner="PCA"
        %2 = linear %1 weights=@v:f64[2,2]
        %3 = distances %1 centers=@c:f64[3,2] metric="euclidean"
        output "y" = %2
        output "z" = %3
    """
    # Declines if only one of them rejects NaN: an output that needs only the other returns a value for it.
    return graph.first_checks[check.x, check.allow_nan]
