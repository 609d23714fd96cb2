"""Weights in fewer bytes: an option of a deployment whose sample shows that the answers stay within tolerance.

Not a rule of the Oven: answers change, within a tolerance that the user states and verification measures.
"""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.driver import apply
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import Rule, on
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.ops import CompactLinear, Linear, NormalizedLinear
from pretzel.plan.ops.compact import COLUMNS_A_WORD
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import INLINE_LIMIT

FORMS = ("exact", "f32", "f16", "sparse")

Stored = tuple[Parameter, Parameter | None]
"""Stored weights, and a bitmap of the columns that have any."""


def compact(definition: Definition, form: str, cut: float) -> Definition:
    """Return an optimized definition with the weights of its large products stored in ``form``.

    ``f32`` and ``f16`` round each weight; ``sparse`` drops columns whose weights are all at most ``cut`` times the
    largest.  A product stays unchanged if that saves nothing or if a weight is too large for a half.
    """

    def rewrite(graph: Graph, product: Linear | NormalizedLinear) -> Node | None:
        stored = _stored(product.weights, form, cut)
        if stored is None:
            return None
        norm = product.norm if isinstance(product, NormalizedLinear) else ""
        return CompactLinear(product.x, *stored, product.bias, norm, product.type.dtype)

    for operator in (Linear, NormalizedLinear):
        definition = apply(Rule(f"weights_{form}", on(operator), rewrite), definition)
    return definition


def _stored(weights: Parameter, form: str, cut: float) -> Stored | None:
    if weights.nbytes <= INLINE_LIMIT or form == "exact":
        return None
    stored = _sparse(weights, cut) if form == "sparse" else _rounded(weights, form)
    if stored is None or sum(parameter.nbytes for parameter in stored if parameter) >= weights.nbytes:
        return None
    return stored


def _rounded(weights: Parameter, form: str) -> Stored | None:
    with np.errstate(over="ignore"):
        rounded = weights.array.astype({"f32": np.float32, "f16": np.float16}[form])
    if not np.isfinite(rounded).all():
        return None  # 70000 overflows a half to infinity
    return Parameter.of(rounded.view(np.uint16) if form == "f16" else rounded), None


def _sparse(weights: Parameter, cut: float) -> Stored:
    array = weights.array
    sizes = np.abs(array).reshape(len(array), -1).max(axis=1, initial=0.0)
    keeps = ~(sizes <= cut * sizes.max(initial=0.0))  # all of them where one is a NaN
    bits = np.zeros(-(-len(keeps) // COLUMNS_A_WORD) * COLUMNS_A_WORD, bool)
    bits[: len(keeps)] = keeps
    words = np.packbits(bits, bitorder="little").view("<u8")
    return Parameter.of(np.ascontiguousarray(array[keeps])), Parameter.of(words)
