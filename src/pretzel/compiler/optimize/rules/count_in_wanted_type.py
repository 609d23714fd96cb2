"""Counts are computed in the type that their reader needs."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Cast, CountNgrams


@rule(on(Cast, x=CountNgrams))
def count_in_wanted_type(graph: Graph, cast: Cast, counts: CountNgrams) -> Node | None:
    """A count is the same number in i64 and in f64.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2
        %2 = cast %1 dtype="f64"
        output "y" = %2

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        output "y" = %1
    """
    if graph.shared(counts):  # another reader needs the original type, and counting twice is expensive
        return None
    if (counts.dtype, cast.dtype) != ("i64", "f64"):  # f32 lacks 2**24 + 1: a counter would stop there, a cast rounds
        return None
    return counts.replace(dtype=cast.dtype)
