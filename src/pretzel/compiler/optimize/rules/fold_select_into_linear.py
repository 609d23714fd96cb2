"""Feature selection in front of a linear model becomes zeros in its weights."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.folding import LARGEST_ARRAY, matrix
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Linear, Select
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Select))
def fold_select_into_linear(graph: Graph, linear: Linear, select: Select) -> Node | None:
    """A sparse column that is not selected gets weight zero, and the dictionary behind it stays whole and shared.

    Before::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = select %1 columns=@chosen
        %3 = linear %2 weights=@w
        output "y" = %3

    After::

        %x = input column="x" kind="str"
        %1 = count_ngrams %x vocabulary=@v:str[4] unit="char" low=1 high=2 dtype="f64"
        %2 = linear %1 weights=@spread
        output "y" = %2

    Where::

        chosen = np.array([0, 3])
        w = np.array([5.0, 7.0])
        spread = np.array([5.0, 0.0, 0.0, 7.0])
    """
    if select.type.layout != "sparse" or graph.shared(select) or not graph.loose(linear):
        return None
    if not graph.bound(select.x).finite:  # zero times an infinity in an unselected column is NaN
        return None
    if select.x.type.columns * linear.type.columns > LARGEST_ARRAY:  # a selection from 2**31 empty columns
        return None
    spread = np.zeros((select.x.type.columns, linear.type.columns))
    spread[select.columns.array] = matrix(linear.weights)
    return linear.replace(x=select.x, weights=Parameter.of(spread.reshape(-1, *linear.weights.shape[1:])))
