"""Parts of a matrix that no tree reads are not computed."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat, TreeEnsemble
from pretzel.plan.parameter import Parameter


@rule(on(TreeEnsemble, x=Concat))
def drop_unread_parts(graph: Graph, forest: TreeEnsemble, concat: Concat) -> Node | None:
    """A forest's result does not depend on a column that none of its nodes compares.

    Before::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = concat %a %b
        %2 = tree_ensemble %1 roots=@roots feature=@feature threshold=@t:f64[3] left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %2

    After::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %1 = concat %b
        %2 = tree_ensemble %1 roots=@roots feature=@where threshold=@t:f64[3] left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %2

    Where::

        roots = np.array([0], np.int32)
        feature = np.array([3, 0, 0], np.int32)
        where = np.array([1, 0, 0], np.int32)
        left = np.array([1, -1, -1], np.int32)
        right = np.array([2, 0, 1], np.int32)
        missing = np.array([True, False, False])
    """
    if graph.shared(concat):  # it is computed anyway
        return None
    widths = [part.type.columns for part in concat.parts]
    owner, inner = np.repeat(np.arange(len(widths)), widths), forest.left.array >= 0
    read = set(owner[forest.feature.array[inner]].tolist()) or {0}
    keeps = [i in read or not graph.droppable(part) for i, part in enumerate(concat.parts)]
    if all(keeps):  # a part that rejects rows is needed although no tree reads it
        return None
    rest = concat.replace(parts=tuple(part for part, keep in zip(concat.parts, keeps, strict=True) if keep))
    place = np.cumsum(np.repeat(keeps, widths)) - 1
    feature = np.where(inner, place[forest.feature.array], 0).astype("<i4")
    # The dropped part may have made the whole f64.
    return forest.replace(x=rest, feature=Parameter.of(feature)) if rest.type.dtype == concat.type.dtype else None
