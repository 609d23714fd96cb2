"""Checks of values that are finite by construction are removed."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite


@rule(on(RequireFinite))
def drop_proven_require_finite(graph: Graph, check: RequireFinite) -> Node | None:
    """A value that is finite for every input, such as weighted counts of n-grams, needs no check.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = affine %1 scale=@idf:f64[4]
        %3 = require_finite %2 owner="LinearSVC"
        output "y" = %3

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = affine %1 scale=@idf:f64[4]
        output "y" = %2
    """
    # Declines for input columns: a NaN in a request must be rejected as the library rejects it.
    return check.x if graph.bound(check.x).finite else None
