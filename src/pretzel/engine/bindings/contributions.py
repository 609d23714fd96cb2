"""The kernel of feature contributions, and its parameters beyond the nodes of the forest."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import Any, cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.bindings.trees import forest_order, lay_out_forest
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

DIGITS = 40


def lay_out_contributions(node: Node) -> dict[str, Parameter]:
    """Return a forest in the layout of ``TreeEnsemble``, with the cover of its nodes and the integration rules.

    ``counts`` is ``i32[trees]``: the points of each tree's rule, half the most features on one of its paths.
    ``points`` is ``f64[m, 2]``: the points and weights of the rules of 1, 2, 3, ... points, concatenated.
    """
    contributions = cast(ops.TreeContributions, node)
    forest = contributions.forest
    layout = {name: p for name, p in lay_out_forest(forest).items() if name != "base"}
    counts = _counts(contributions)
    out: dict[str, np.ndarray] = {
        "cover": contributions.cover.array[forest_order(forest)],
        "features": contributions.feature_of_column.astype(np.int32),
        "bias": contributions.bias.array,
        "counts": counts,
        "points": np.concatenate([rule(n) for n in range(1, counts.max(initial=1) + 1)]),
    }
    return layout | {name: Parameter.of(array) for name, array in out.items()}


def _counts(node: ops.TreeContributions) -> np.ndarray:
    most = np.zeros(len(node.roots), np.int64)
    for _, tree, different in node.levels():
        np.maximum.at(most, tree, different)
    return np.maximum((most + 1) // 2, 1).astype(np.int32)


@cache
def rule(count: int) -> Any:
    """Return the points and weights of the Gauss-Legendre rule on 0..1, ``f64[count, 2]``, rounded once.

    Computed in decimal arithmetic, which has the same digits on every machine.
    """
    with localcontext() as context:
        context.prec = DIGITS
        return np.array([_point(count, i) for i in range(count)], np.float64)


def _point(count: int, i: int) -> tuple[float, float]:
    """Return the i-th root of the Legendre polynomial, by Newton's method, and its weight."""
    x = Decimal(float(np.round(-np.cos(np.pi * (i + 0.75) / (count + 0.5)), 6)))
    for _ in range(8):
        value, slope = _legendre(count, x)
        x -= value / slope
    _, slope = _legendre(count, x)
    return float((1 + x) / 2), float(1 / ((1 - x * x) * slope * slope))


def _legendre(count: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """Return the value and the slope of the Legendre polynomial of degree ``count``."""
    before, value = Decimal(0), Decimal(1)
    for n in range(1, count + 1):
        before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
    return value, count * (x * value - before) / (x * x - 1)


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.TreeContributions: (
        Binding(
            "trees.contributions",
            "trees.contributions:TreeContributions",
            derive=lay_out_contributions,
            drop=("strict",),
        ),
    ),
}
