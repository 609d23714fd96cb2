"""Upper bounds of values, proved from the operators that compute them; they show that a rewrite cannot overflow.

The bounds are computed with the same rounded operations as the values, or with a margin.  Rounding is monotone, so a
finite result is a bound that no value exceeds.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MAX_COUNT = 2.0**31
"""The most occurrences of an n-gram in a text: its length in bytes is stored in 32 bits."""
_MARGIN = 1 + 2.0**-20  # covers the rounding of sums of up to 2**31 terms


@dataclass(frozen=True, slots=True)
class Bound:
    """``abs(value) <= limit`` for every value that is not NaN; ``nan`` is True if a value can be NaN."""

    limit: float = math.inf
    nan: bool = True

    @property
    def finite(self) -> bool:
        """True if no value is infinite or NaN."""
        return self.limit < math.inf and not self.nan


UNKNOWN = Bound()
Proof = Callable[..., Bound]
_PROOFS: dict[type[Node], Proof] = {}
_bounds: weakref.WeakKeyDictionary[Node, Bound] = weakref.WeakKeyDictionary()
_largest: weakref.WeakKeyDictionary[Parameter, float] = weakref.WeakKeyDictionary()


def bound(node: Node) -> Bound:
    """Return the proved bound of a node's values."""
    stack = [node]
    while stack:
        top = stack[-1]
        waiting = [child for child in top.inputs if child not in _bounds] if type(top) in _PROOFS else []
        if not waiting:
            _bounds[stack.pop()] = _prove(top)
        stack.extend(waiting)
    return _bounds[node]


def largest(parameter: Parameter) -> float:
    """Return the largest magnitude in a numeric parameter: infinite if it holds NaN or infinity, 0 if it is empty."""
    if parameter not in _largest:
        values = np.abs(parameter.array.astype(np.float64, copy=False))
        magnitude = float(values.max(initial=0.0))
        _largest[parameter] = math.inf if math.isnan(magnitude) else magnitude
    return _largest[parameter]


def _prove(node: Node) -> Bound:
    if node.type.is_text:
        return UNKNOWN
    proof = _PROOFS.get(type(node))
    proved = UNKNOWN if proof is None else proof(node, *(_bounds[child] for child in node.inputs))
    if node.type.numpy.kind in "iub":
        return Bound(min(proved.limit, 2.0**63), nan=False)
    # Above the type's maximum a value becomes infinite, and infinities of both signs may add up to NaN.
    return proved if proved.limit <= float(np.finfo(node.type.numpy).max) else UNKNOWN


def proves(*operators: type[Node]) -> Callable[[Proof], Proof]:
    """Register a function of (node, bounds of its inputs...) as the proof for some operators."""

    def register(proof: Proof) -> Proof:
        _PROOFS.update(dict.fromkeys(operators, proof))
        return proof

    return register


@proves(ops.CountNgrams)
def _counts(node: Any, x: Bound) -> Bound:
    return Bound(MAX_COUNT, nan=False)


@proves(ops.Constant)
def _constant(node: ops.Constant, x: Bound) -> Bound:
    limit = largest(node.row)
    return Bound(limit, nan=not limit < math.inf)


@proves(ops.HashNgrams)
def _hashed(node: Any, x: Bound) -> Bound:
    return Bound(MAX_COUNT * node.high, nan=False)  # n-grams of every length may hash to one column


@proves(ops.OneHot)
def _one_hot(node: Any, codes: Bound) -> Bound:
    return Bound(1.0, nan=False)


@proves(ops.CategoryHash)
def _category_hash(node: Any, x: Bound) -> Bound:
    return Bound(2.0**31, nan=False)


@proves(ops.NormalProbability)
def _probability(node: Any, x: Bound) -> Bound:
    return Bound(1.0, x.nan)


@proves(ops.MissingIndicator)
def _indicator(node: Any, x: Bound) -> Bound:
    return Bound(1.0, nan=False)


@proves(ops.Take)
def _take(node: ops.Take, codes: Bound) -> Bound:
    proven = largest(node.table) < math.inf and math.isfinite(node.default)
    return Bound(max(largest(node.table), abs(node.default)), nan=False) if proven else UNKNOWN


@proves(ops.RequireFinite)
def _require_finite(node: ops.RequireFinite, x: Bound) -> Bound:
    ceiling = float(np.finfo(node.type.numpy).max)
    return Bound(min(x.limit, ceiling), x.nan and node.allow_nan)


@proves(ops.RequireWithin)
def _require_within(node: ops.RequireWithin, x: Bound) -> Bound:
    return Bound(min(x.limit, max(largest(node.low), largest(node.high))), x.nan and node.allow_nan)


@proves(ops.Impute)
def _impute(node: ops.Impute, x: Bound) -> Bound:
    if not largest(node.fill) < math.inf:
        return UNKNOWN
    return Bound(max(x.limit, largest(node.fill)), x.nan and not math.isnan(node.missing))


@proves(ops.Densify)
def _densify(node: ops.Densify, x: Bound) -> Bound:
    return Bound(max(x.limit, 0.0 if math.isnan(node.absent) else abs(node.absent)), x.nan or math.isnan(node.absent))


@proves(ops.ImputeObjects)
def _impute_objects(node: ops.ImputeObjects, x: Bound) -> Bound:
    """Return the bound after filling; the one of None and NaN that does not mean missing stays NaN."""
    if not largest(node.fill) < math.inf:
        return UNKNOWN
    return Bound(max(x.limit, largest(node.fill)), x.nan)


@proves(ops.Select, ops.Column, ops.RequireFiniteProduct, ops.Sparsify, ops.WeightedMedian)
def _moved(node: Any, x: Bound) -> Bound:
    return x


@proves(ops.Cast)
def _cast(node: ops.Cast, x: Bound) -> Bound:
    return _rounded(node, x.limit, x)


@proves(ops.Concat)
def _concat(node: Any, *parts: Bound) -> Bound:
    return Bound(max(part.limit for part in parts), any(part.nan for part in parts))


@proves(ops.Combine)
def _combine(node: ops.Combine, *parts: Bound) -> Bound:
    if node.function == "quotient":
        return UNKNOWN
    if node.function == "coalesce":
        return Bound(max(part.limit for part in parts), parts[-1].nan)
    measure = math.prod if node.function == "product" else max
    limit = measure(part.limit for part in parts)
    return _rounded(node, limit * _MARGIN, Bound(nan=any(part.nan for part in parts)))


@proves(ops.Gather)
def _gather(node: ops.Gather, x: Bound, positions: Bound) -> Bound:
    return Bound(x.limit, nan=True)


@proves(ops.Scatter)
def _scatter(node: ops.Scatter, positions: Bound, values: Bound) -> Bound:
    return values


@proves(ops.Blend)
def _blend(node: ops.Blend, positions: Bound, weights: Bound) -> Bound:
    if node.form == "min":  # infinite without any position
        return UNKNOWN
    return _rounded(node, weights.limit * largest(node.table) * node.positions.type.columns * _MARGIN, weights)


@proves(ops.Affine)
def _affine(node: ops.Affine, x: Bound) -> Bound:
    shift = 0.0 if node.shift is None else largest(node.shift)
    return _rounded(node, x.limit * largest(node.scale) + shift, x)


@proves(ops.Standardize)
def _standardize(node: ops.Standardize, x: Bound) -> Bound:
    mean = 0.0 if node.mean is None else largest(node.mean)
    smallest = 1.0 if node.scale is None else float(np.abs(node.scale.array).min(initial=math.inf))
    if not smallest > 0:
        return UNKNOWN
    return _rounded(node, (x.limit + mean) / smallest, x)


@proves(ops.Normalize)
def _normalize(node: ops.Normalize, x: Bound) -> Bound:
    # Below 1e18 no square overflows, in either type.  The 2 covers norms so small that their squares lose bits.
    return Bound(2.0, x.nan) if x.limit < 1e18 else UNKNOWN


@proves(ops.Linear)
def _linear(node: ops.Linear, x: Bound) -> Bound:
    if isinstance(node.x, ops.RequireFiniteProduct) and node.x.checks(node.weights, node.bias):
        return Bound(float(np.finfo(np.float64).max), nan=False)
    bias = 0.0 if node.bias is None else largest(node.bias)
    return _rounded(node, (x.limit * largest(node.weights) * node.x.type.columns + bias) * _MARGIN, x)


@proves(ops.TreeEnsemble)
def _trees(node: ops.TreeEnsemble, x: Bound) -> Bound:
    limit = (len(node.roots) * largest(node.leaves) + largest(node.base)) * _MARGIN
    return Bound(limit, nan=not limit < math.inf)


def _rounded(node: Node, limit: float, x: Bound) -> Bound:
    # In float64 a bound is rounded like its value; in float32 the value may be rounded up by more.
    limit = limit if node.type.dtype == "f64" else limit * _MARGIN
    return Bound(limit, x.nan) if limit < math.inf else UNKNOWN
