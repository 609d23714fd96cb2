"""Parts of a matrix that have only zero weights in a linear model are not computed."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import matrix
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat, Linear
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Concat))
def drop_unweighted_parts(graph: Graph, linear: Linear, concat: Concat) -> Node | None:
    """Zero times any number adds nothing: if an l1 penalty left no word of a dictionary, all of it can be dropped.

    Before::

        %a = input column="a" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=2
        %2 = concat %a %1
        %3 = linear %2 weights=@w
        output "y" = %3

    After::

        %a = input column="a" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = concat %a
        %2 = linear %1 weights=@rest
        output "y" = %2

    Where::

        w = np.array([5.0, 7.0, 0.0, 0.0])
        rest = np.array([5.0, 7.0])
    """
    if graph.shared(concat) or not graph.loose(linear):
        return None
    widths = [part.type.columns for part in concat.parts]
    slabs = np.split(matrix(linear.weights), np.cumsum(widths)[:-1])
    keeps = [bool(slab.any()) or not _spared(graph, part) for slab, part in zip(slabs, concat.parts, strict=True)]
    if all(keeps) or not any(keeps):  # without any weight the result is constant
        return None
    rest = concat.replace(parts=tuple(part for part, keep in zip(concat.parts, keeps, strict=True) if keep))
    fewer = linear.replace(x=rest, weights=Parameter.of(linear.weights.array[np.repeat(keeps, widths)]))
    return fewer if fewer.type == linear.type else None


def _spared(graph: Graph, part: Node) -> bool:
    # Zero times infinity is NaN, and a row that the part rejects is rejected for any weight.
    return graph.bound(part).finite and graph.droppable(part)
