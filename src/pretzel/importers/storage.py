"""Analysis of stored entries of sparse matrices: which nodes of a definition keep the entries of its input."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node

KEEP: tuple[type[Node], ...] = (
    ops.Affine,
    ops.Arithmetic,
    ops.Cast,
    ops.Clip,
    ops.Column,
    ops.Combine,
    ops.Concat,
    ops.Elementwise,
    ops.Impute,
    ops.ImputeObjects,
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
"""Operators of estimators that return sparse rows for sparse input."""


SOURCES: tuple[type[Node], ...] = (ops.Input, ops.LookupFeatures)
"""Operators whose sparse rows may store zeros and duplicate columns."""


def keeps_entries(node: Node, also: Set[Node] = frozenset()) -> bool:
    """Return whether the library's value would keep stored zeros and duplicates if the input were a sparse matrix.

    ``also``: further nodes whose estimators return sparse rows for sparse input, in addition to :data:`KEEP`.
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
    """Return whether columns were selected in another order, so that those of a sparse row no longer ascend."""
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
    """Return whether sparse rows are made by dropping zeros of splines, some of which the library stores.

    Other estimators that convert dense rows to sparse ones never store zeros (``scipy.sparse.csr_array``).
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
    """Return whether these are splines, or a selection of them."""
    return isinstance(node.x if isinstance(node, ops.Select) else node, ops.Spline)
