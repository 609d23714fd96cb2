"""Operators that change nothing are removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.compiler.optimize.columns import selects_all
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@rule(on(Node))
def drop_noop(graph: Graph, node: Node) -> Node | None:
    """Selecting every column in order, casting to the same type or scaling by ones returns x itself.

    Before::

        %x = input column="x" kind="f64[3]"
        %1 = select %x columns=@all
        %2 = standardize %1 mean=@zeros scale=@ones
        %3 = cast %2 dtype="f64"
        output "y" = %3

    After::

        %x = input column="x" kind="f64[3]"
        output "y" = %x

    Where::

        all = np.arange(3)
        zeros = np.zeros(3)
        ones = np.ones(3)
    """
    test = _NOOPS.get(type(node))
    return node.inputs[0] if test is not None and test(node) else None


def _selects_all(node: ops.Select) -> bool:
    return selects_all(node.columns, node.x.type)


def _scales_by_ones(node: ops.Affine) -> bool:
    # With a shift of zeros it would still turn -0.0 into 0.0, whose reciprocals differ.
    return node.shift is None and _all(node.scale, 1.0)


def _standardizes_nothing(node: ops.Standardize) -> bool:
    # Subtracting 0.0 keeps even -0.0; subtracting -0.0 does not.
    mean_is_zero = node.mean is None or (_all(node.mean, 0.0) and not np.signbit(node.mean.array).any())
    return mean_is_zero and (node.scale is None or _all(node.scale, 1.0))


def _all(parameter: Parameter, value: float) -> bool:
    return bool((parameter.array == value).all())


_NOOPS: dict[type[Node], Callable[[Any], bool]] = {
    ops.Select: _selects_all,
    ops.Cast: lambda node: node.x.type == node.type,
    ops.Concat: lambda node: len(node.parts) == 1 and node.parts[0].type == node.type,
    ops.Sum: lambda node: len(node.parts) == 1 and node.bias is None,
    ops.Affine: _scales_by_ones,
    ops.Standardize: _standardizes_nothing,
    ops.Clip: lambda node: _all(node.low, -np.inf) and _all(node.high, np.inf),
    ops.FilterTokens: lambda node: len(node.stop_words) == 0,
}
