"""Feature selection in front of trees moves into their nodes."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Select, TreeEnsemble
from pretzel.plan.parameter import Parameter


@rule(on(TreeEnsemble, x=Select))
def fold_select_into_trees(graph: Graph, forest: TreeEnsemble, select: Select) -> Node | None:
    """A node that compares selected column j compares column ``chosen[j]``, so no column needs to be copied.

    Before::

        %x = input column="x" kind="f64[5]"
        %1 = select %x columns=@chosen
        %2 = tree_ensemble %1 roots=@roots feature=@feature threshold=@t:f64[3] left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %2

    After::

        %x = input column="x" kind="f64[5]"
        %1 = tree_ensemble %x roots=@roots feature=@where threshold=@t:f64[3] left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %1

    Where::

        chosen = np.array([4, 3])
        roots = np.array([0], np.int32)
        feature = np.array([1, 0, 0], np.int32)
        where = np.array([3, 4, 4], np.int32)
        left = np.array([1, -1, -1], np.int32)
        right = np.array([2, 0, 1], np.int32)
        missing = np.array([True, False, False])
    """
    if graph.shared(select):  # it is computed anyway, and its rows are shorter
        return None
    feature = select.columns.array[forest.feature.array].astype("<i4")
    return forest.replace(x=select.x, feature=Parameter.of(feature))
