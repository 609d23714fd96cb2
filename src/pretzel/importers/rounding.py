"""Values whose last bits may differ from the library's, and the steps that turn a last bit into another answer.

The processor, NumPy's loops and BLAS each round logarithms, powers and matrix products differently.  Most steps pass
such a difference on unchanged.  A threshold at the value of a training row turns it into another bin or leaf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS

EXACT_FUNCTIONS = frozenset(
    {"abs", "ceil", "floor", "negative", "reciprocal", "relu", "rint", "sign", "sqrt", "square", "trunc"}
)
ROUNDED_FUNCTIONS = frozenset(FUNCTIONS) - EXACT_FUNCTIONS
ROUNDED = (
    ops.Barycenter,
    ops.Distances,
    ops.Linear,
    ops.Link,
    ops.MatchingPursuit,
    ops.NormalProbability,
    ops.NormalQuantile,
    ops.Power,
    ops.Topics,
    ops.TreeDensity,
)
"""Operators whose results may differ from the library's in their last bits."""


@dataclass(frozen=True)
class Reader:
    """Comparison of values with thresholds by a class."""

    single: bool
    """True if its thresholds are between training values, so that only float32 values come that close to them."""
    compares: Callable[[Any], bool]
    """Returns whether a fitted estimator of the class compares at all."""


READERS: dict[type, Reader] = {}
"""The classes whose thresholds are values of training rows, or next to them."""


def reads_thresholds(*classes: type, single: bool = False, compares: Callable[[Any], bool] = lambda _: True) -> None:
    """Register classes that compare values with thresholds taken from training rows; see :class:`Reader`."""
    READERS.update(dict.fromkeys(classes, Reader(single, compares)))


def may_cross(kind: type, estimator: Any, x: Columns) -> bool:
    """Return whether the last bit of an estimator's input may move a row across a threshold."""
    reader = READERS.get(kind)
    if reader is None or not reader.compares(estimator):
        return False
    computed = [part for part in x.parts if not isinstance(part, Open)]
    return any(_is_rounded(node) and not (reader.single and node.type.dtype == "f64") for node in topological(computed))


def is_rounded(x: Node) -> bool:
    """Return whether the last bits of x may differ from the library's."""
    return any(map(_is_rounded, topological([x])))


def _is_rounded(node: Node) -> bool:
    if isinstance(node, ops.Elementwise):
        return node.function in ROUNDED_FUNCTIONS
    if isinstance(node, ops.Normalize):  # the squares of a sparse row are added in order
        return node.norm == "l2" and node.x.type.layout == "dense"
    return isinstance(node, ROUNDED)
