"""Choosing columns of a node: what every rule that moves selections does in the same way."""

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
"""Operators that give each column of x a column made of nothing else, and their parameters with one value a column."""


def over_columns(node: Node, columns: np.ndarray, x: Node) -> Node:
    """Return a columnwise operator over ``x``, which holds just these columns of what it read."""
    given = {field: getattr(node, field) for field in COLUMNWISE[type(node)]}
    kept = {field: _taken(p, columns) for field, p in given.items() if p is not None}
    return node.replace(x=x, **kept)


def _taken(parameter: Parameter, columns: np.ndarray) -> Parameter:
    if parameter.dtype == "str":
        texts = parameter.texts
        return Parameter.strings([texts[i] for i in columns])
    return Parameter.of(parameter.array[columns])


def selects_all(columns: Parameter, kind: ValueType) -> bool:
    """Whether a selection takes every column in order."""
    # Lengths first: a width of 2**31 is written in ten letters, and an array of it is not.
    return len(columns) == kind.columns and bool((columns.array == np.arange(len(columns))).all())


def choose(part: Node, columns: np.ndarray) -> Node:
    """Return columns of a node, which is itself where that is all of them."""
    chosen = Parameter.of(columns)
    return part if part.type.width is None or selects_all(chosen, part.type) else Select(part, chosen)
