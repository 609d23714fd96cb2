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
ALONE = (ops.Elementwise, ops.Normalize)
"""Operators among them that compute a value from one value, or from positive ones, so that nothing cancels."""


@dataclass(frozen=True)
class Reader:
    """Comparison of values with thresholds by a class."""

    single: bool
    """True if its thresholds are between training values, so that only float32 values come that close to them."""
    compares: Callable[[Any], bool]
    """Returns whether a fitted estimator of the class compares at all."""
    of_sums: bool = False
    """True if its thresholds are set rather than learned, so that only what cancels comes that close to them."""


READERS: dict[type, Reader] = {}
"""The classes whose thresholds are values of training rows, or next to them."""


DIVIDERS: dict[type, Callable[[Any, bool], bool]] = {}
"""Functions of a fitted estimator, by class, that return whether it divides by deviations that are rounding errors.

The second argument is True if the last bits of its input may differ from the library's.
"""


def reads_thresholds(
    *classes: type, single: bool = False, compares: Callable[[Any], bool] = lambda _: True, of_sums: bool = False
) -> None:
    """Register classes that compare values with thresholds taken from training rows; see :class:`Reader`."""
    READERS.update(dict.fromkeys(classes, Reader(single, compares, of_sums)))


def divides(*classes: type) -> Callable[[Callable[[Any, bool], bool]], Callable[[Any, bool], bool]]:
    """Register the function in :data:`DIVIDERS` of these classes."""

    def register(function: Callable[[Any, bool], bool]) -> Callable[[Any, bool], bool]:
        DIVIDERS.update(dict.fromkeys(classes, function))
        return function

    return register


def divides_by_rounding(kind: type, estimator: Any, x: Columns) -> bool:
    """Return whether a fitted estimator divides by deviations that are rounding errors."""
    return kind in DIVIDERS and DIVIDERS[kind](estimator, any(map(_is_rounded, _computed(x))))


def may_cross(kind: type, estimator: Any, x: Columns) -> bool:
    """Return whether the last bit of an estimator's input may move a row across a threshold."""
    reader = READERS.get(kind)
    if reader is None or not reader.compares(estimator):
        return False
    return any(
        _is_rounded(node)
        and not (reader.single and node.type.dtype == "f64")
        and not (reader.of_sums and isinstance(node, ALONE))
        for node in _computed(x)
    )


def _computed(x: Columns) -> list[Node]:
    """Return the nodes that compute the columns of x."""
    return topological([part for part in x.parts if not isinstance(part, Open)])


def is_rounded(x: Node) -> bool:
    """Return whether the last bits of x may differ from the library's."""
    return any(map(_is_rounded, topological([x])))


def _is_rounded(node: Node) -> bool:
    if isinstance(node, ops.Elementwise):
        return node.function in ROUNDED_FUNCTIONS
    if isinstance(node, ops.Normalize):  # the squares of a sparse row are added in order
        return node.norm == "l2" and node.x.type.layout == "dense"
    return isinstance(node, ROUNDED)
