"""Columns are selected before concatenation, so that dropped columns are not computed."""

from __future__ import annotations

import itertools

import numpy as np

from pretzel.compiler.optimize.columns import choose
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat, Select


@rule(on(Select, x=Concat))
def push_select_through_concat(graph: Graph, select: Select, concat: Concat) -> Node | None:
    """A selection from a concatenation is the concatenation of selections; a part without selected columns is dropped.

    Before::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %c = input column="c" kind="f64"
        %1 = concat %a %b %c
        %2 = select %1 columns=@columns
        output "y" = %2

    After::

        %a = input column="a" kind="f64[2]"
        %b = input column="b" kind="f64[3]"
        %c = input column="c" kind="f64"
        %1 = select %b columns=@of_b
        %2 = concat %1 %c
        output "y" = %2

    Where::

        columns = np.array([4, 2, 5])
        of_b = np.array([2, 0])
    """
    if graph.shared(concat):  # it is computed anyway
        return None
    starts = np.cumsum([0, *(part.type.columns for part in concat.parts)])
    owners = np.searchsorted(starts, select.columns.array, side="right") - 1
    runs = [(int(owner), len(list(run))) for owner, run in itertools.groupby(owners)]
    if not runs or len(runs) > len(concat.parts):  # a permutation would need a part per column
        return None
    chosen_from = {concat.parts[i] for i, _ in runs}
    if not all(graph.droppable(part) for part in concat.parts if part not in chosen_from):
        return None  # a NaN in a part without selected columns is still rejected
    ends = list(itertools.accumulate(length for _, length in runs))
    columns = [select.columns.array[end - n : end] - starts[i] for (i, n), end in zip(runs, ends, strict=True)]
    chosen = [choose(concat.parts[i], local) for (i, _), local in zip(runs, columns, strict=True)]
    pushed = Concat(tuple(chosen))
    # The dropped part may have made the whole sparse or float.
    return pushed if pushed.type == select.type else None
