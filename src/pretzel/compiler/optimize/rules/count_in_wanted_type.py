"""Counts are made in the type that is wanted."""

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
    if graph.shared(counts):  # another reader wants them as they are, and counting twice is dear
        return None
    if (counts.dtype, cast.dtype) != ("i64", "f64"):  # 2**24 + 1 is no f32: counting up would stop where a cast rounds
        return None
    return counts.replace(dtype=cast.dtype)
