"""Concatenated counts are computed in the type of the result."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Cast, Concat


@rule(on(Cast, x=Concat))
def cast_before_concat(graph: Graph, cast: Cast, concat: Concat) -> Node | None:
    """Each number becomes the same float64 before and after concatenation, and the cast may fold into its producer.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2
        %2 = count_ngrams %x vocabulary=@v:str[4] unit="char_wb" low=1 high=2
        %3 = concat %1 %2
        %4 = cast %3 dtype="f64"
        output "y" = %4

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2
        %2 = cast %1 dtype="f64"
        %3 = count_ngrams %x vocabulary=@v:str[4] unit="char_wb" low=1 high=2
        %4 = cast %3 dtype="f64"
        %5 = concat %2 %4
        output "y" = %5
    """
    if graph.shared(concat):  # it is computed anyway
        return None
    if cast.dtype != "f64":  # 1e-50 becomes zero in float32: a sparse row would store it before the cast but not after
        return None
    # One cast of a dense whole is cheaper than one of each part; parts of several types were rounded to one before.
    if any(part.type.layout != "sparse" or part.type.dtype != concat.type.dtype for part in concat.parts):
        return None
    return Concat(tuple(cast.replace(x=part) for part in concat.parts))
