"""Values whose last bits may differ from the library's, and the steps that turn a last bit into another answer.

The processor, NumPy's loops and BLAS each round logarithms, powers and matrix products differently.  Most steps pass
such a difference on unchanged.  A threshold at the value of a training row turns it into another bin or leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_DIRECTIONS, ROUNDED_SINGLES, ROUNDED_THRESHOLDS
from pretzel.importers.inputs import Open
from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS

EXACT_FUNCTIONS = frozenset(
    {"abs", "ceil", "floor", "negative", "reciprocal", "relu", "rint", "sign", "sqrt", "square", "trunc"}
)
JUMPS = frozenset({"ceil", "floor", "rint", "sign", "trunc"})
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


DIVIDERS: dict[type, Callable[[Any, bool], float]] = {}
"""Functions of a fitted estimator, by class, that return by how much its terms exceed the deviation it divides by.

The second argument is True if the last bits of its input may differ from the library's.
"""
MOST = 1e9
"""The most that terms may exceed the deviation of their result: seven digits of float64 are left."""
MOST_SINGLE = 50.0
"""The same in float32, whose last digit is 6e-8 of a term: beyond, it is more than 2e-6 of the result."""


def reads_thresholds(
    *classes: type, single: bool = False, compares: Callable[[Any], bool] = lambda _: True, of_sums: bool = False
) -> None:
    """Register classes that compare values with thresholds taken from training rows; see :class:`Reader`."""
    READERS.update(dict.fromkeys(classes, Reader(single, compares, of_sums)))


def divides(*classes: type) -> Callable[[Callable[[Any, bool], float]], Callable[[Any, bool], float]]:
    """Register the function in :data:`DIVIDERS` of these classes."""

    def register(function: Callable[[Any, bool], float]) -> Callable[[Any, bool], float]:
        DIVIDERS.update(dict.fromkeys(classes, function))
        return function

    return register


def note_division(kind: type, estimator: Any, x: Columns, step: Any) -> None:
    """Add a note if a fitted estimator divides terms by a deviation so small that their last digits decide."""
    if kind not in DIVIDERS:
        return
    rounded = list(filter(_is_rounded, _computed(x)))
    ratio = DIVIDERS[kind](estimator, bool(rounded))
    if ratio > MOST:
        step.may_differ(ROUNDED_DIRECTIONS.reason, ROUNDED_DIRECTIONS.remedy)
    elif ratio > MOST_SINGLE and (_is_single(x) or any(node.type.dtype == "f32" for node in rounded)):
        step.may_differ(ROUNDED_SINGLES.reason, ROUNDED_SINGLES.remedy)


def _is_single(x: Columns) -> bool:
    """Return whether some of the columns are float32."""
    kinds = [part.inputs.types.get(part.name) if isinstance(part, Open) else part.type for part in x.parts]
    return any(kind is not None and kind.dtype == "f32" for kind in kinds)


def note_crossing(kind: type, estimator: Any, x: Columns, step: Any) -> None:
    """Add a note if the last bit of an estimator's input may move a row across a threshold."""
    if _may_cross(kind, estimator, x, step.inputs.cancelled):
        step.may_differ(ROUNDED_THRESHOLDS.reason, ROUNDED_THRESHOLDS.remedy)


def note_jumps(results: Sequence[Node], inputs: Sequence[Node], step: Any) -> None:
    """Add a note if a traced function compares or truncates values whose last bits may differ."""
    before = set(topological(inputs))
    if any(_jumps(node) and any(map(is_rounded, node.inputs)) for node in topological(results) if node not in before):
        step.may_differ(ROUNDED_THRESHOLDS.reason, ROUNDED_THRESHOLDS.remedy)


def _jumps(node: Node) -> bool:
    """Return whether an operator jumps between the values of an input."""
    if isinstance(node, ops.Elementwise):
        return node.function in JUMPS
    if isinstance(node, ops.Arithmetic):
        return node.function in ("floor_divide", "remainder")
    if isinstance(node, ops.Cast):
        return node.x.type.is_float and not node.type.is_float
    return isinstance(node, (ops.Compare, ops.Threshold, ops.Bin)) and node.inputs[0].type.is_float


def _may_cross(kind: type, estimator: Any, x: Columns, cancelled: Set[Node]) -> bool:
    """Return whether a last bit may move a row across a threshold.

    ``cancelled``: sums that are zero but for rounding for many rows, so that learned thresholds lie between such zeros.
    """
    reader = READERS.get(kind)
    if reader is None or not reader.compares(estimator):
        return False
    return any(
        _is_rounded(node)
        and not (reader.single and node.type.dtype == "f64" and node not in cancelled)
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
