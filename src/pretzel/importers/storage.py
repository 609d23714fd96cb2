"""What a sparse matrix stores, as steps see it: which values of a definition keep the entries of its input."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node

KEEP: tuple[type[Node], ...] = (
    ops.Affine,
    ops.Cast,
    ops.Clip,
    ops.Column,
    ops.Combine,
    ops.Concat,
    ops.Elementwise,
    ops.Impute,
    ops.Interpolate,
    ops.MissingIndicator,
    ops.NormalQuantile,
    ops.Normalize,
    ops.Products,
    ops.RequireFinite,
    ops.RequireWithin,
    ops.Select,
    ops.Sparsify,
    ops.Standardize,
    ops.Sum,
    ops.Threshold,
)
"""Operators of estimators that return sparse rows where they are given some."""


SOURCES: tuple[type[Node], ...] = (ops.Input, ops.LookupFeatures)
"""Operators whose sparse rows may store zeros, and a column twice."""


def keeps_entries(node: Node, also: Set[Node] = frozenset()) -> bool:
    """Whether a library's value would hold the entries of a sparse matrix, were it given one: its zeros and repeats.

    ``also``: nodes beyond those of :data:`KEEP` whose estimators return sparse rows where they are given some.
    """
    stack, seen = [node], {node}
    while stack:
        top = stack.pop()
        if isinstance(top, SOURCES) and not top.type.is_text:
            return True
        if isinstance(top, KEEP) or top in also:
            stack += [child for child in top.inputs if child not in seen]
            seen.update(top.inputs)
    return False


def permutes(node: Node) -> bool:
    """Whether columns were selected in another order, so that those of a sparse row would not ascend any more."""
    stack, seen = [node], {node}
    while stack:
        top = stack.pop()
        if isinstance(top, ops.Select) and (np.diff(top.columns.array) < 0).any():
            return True
        if isinstance(top, KEEP):
            stack += [child for child in top.inputs if child not in seen]
            seen.update(top.inputs)
    return False


def drops_zeros(node: Node) -> bool:
    """Whether sparse rows are made by dropping the zeros of splines, of which the library stores some.

    Other estimators that make sparse rows of dense ones store no zero (``scipy.sparse.csr_array`` of an array).
    """
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, ops.Sparsify) and _is_of_splines(top.x):
            return True
        if top.type.layout == "sparse":
            stack += top.inputs
    return False


def _is_of_splines(node: Node) -> bool:
    """Whether these are splines, or some of them."""
    return isinstance(node.x if isinstance(node, ops.Select) else node, ops.Spline)
