"""Choosing columns of a node: what every rule that moves selections does in the same way."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.ops import Select
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType


def selects_all(columns: Parameter, kind: ValueType) -> bool:
    """Whether a selection takes every column in order."""
    # Lengths first: a width of 2**31 is written in ten letters, and an array of it is not.
    return len(columns) == kind.columns and bool((columns.array == np.arange(len(columns))).all())


def choose(part: Node, columns: np.ndarray) -> Node:
    """Return columns of a node, which is itself where that is all of them."""
    chosen = Parameter.of(columns)
    return part if part.type.width is None or selects_all(chosen, part.type) else Select(part, chosen)
