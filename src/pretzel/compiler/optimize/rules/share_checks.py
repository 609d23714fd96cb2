"""Several estimators that check one value have it checked once."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite


@rule(on(RequireFinite))
def share_checks(graph: Graph, check: RequireFinite) -> Node | None:
    """What one check lets pass, an equal one lets pass; and the library, too, refuses in the name of the first.

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
    # Declines where only one of them refuses a NaN: an output that needs the other alone has an answer for it.
    return graph.first_checks[check.x, check.allow_nan]
