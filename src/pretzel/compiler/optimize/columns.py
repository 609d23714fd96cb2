"""Select columns of a node: shared by the rules that move selections."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, Cast, Clip, Elementwise, Impute, ImputeObjects, Power, Select, Standardize
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

COLUMNWISE: dict[type[Node], tuple[str, ...]] = {
    Affine: ("scale", "shift"),
    Cast: (),
    Clip: ("low", "high"),
    Elementwise: (),
    Impute: ("fill",),
    ImputeObjects: ("fill",),
    Power: ("exponents",),
    Standardize: ("mean", "scale"),
}
"""Operators that compute each column from one column of x, and their parameters with one value per column."""


def over_columns(node: Node, columns: np.ndarray, x: Node) -> Node:
    """Return a columnwise operator over ``x``, which holds only these columns of its former input."""
    parameters = {field: getattr(node, field) for field in COLUMNWISE[type(node)]}
    selected = {field: _taken(p, columns) for field, p in parameters.items() if p is not None}
    return node.replace(x=x, **selected)


def _taken(parameter: Parameter, columns: np.ndarray) -> Parameter:
    if parameter.dtype == "str":
        texts = parameter.texts
        return Parameter.strings([texts[i] for i in columns])
    return Parameter.of(parameter.array[columns])


def selects_all(columns: Parameter, kind: ValueType) -> bool:
    """Return whether a selection takes every column in order."""
    # Compare lengths first: a width of 2**31 costs a client ten characters, but an array of it 16 GiB.
    return len(columns) == kind.columns and bool((columns.array == np.arange(len(columns))).all())


def choose(part: Node, columns: np.ndarray) -> Node:
    """Return columns of a node, or the node itself if that is all of them."""
    chosen = Parameter.of(columns)
    return part if part.type.width is None or selects_all(chosen, part.type) else Select(part, chosen)
