"""Checks of what is finite by construction go."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite


@rule(on(RequireFinite))
def drop_proven_require_finite(graph: Graph, check: RequireFinite) -> Node | None:
    """What is finite whatever comes in, as are weighted counts of n-grams, needs no check: it refuses nothing.

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
    # Declines for what a request brings: a NaN in a column must be refused as the library refuses it.
    return check.x if graph.bound(check.x).finite else None
