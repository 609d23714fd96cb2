"""The distance that the rounding of float32 sums may move the results of a definition, whatever follows the sums.

A sum of n products in float32 is the exact sum of products of which each is moved by a few roundings of u = 2**-24:
by n of them at most, and by about the square root of n, since roundings are as often up as down (Higham and Mary 2019).
The reference and the kernel add in different orders, so their roundings differ; the library's is a third order.  What
follows may be steep: a spline of which one interval is 8 wide and 32 high, weights of 30, a difference of large terms.
No bound on the values knows this.  So each weight of each such sum is moved by that much, and the references compute
the results again: their distance is what the rounding of the sums alone may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES

UNIT = 2.0**-24
"""The largest relative error of one rounding to float32."""
DRAWS = 8
"""Draws of signs; the largest distance counts, because one draw may cancel by chance."""


def moved(definition: Definition, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the outputs of the references for each draw of roundings."""
    for draw in range(DRAWS):
        dice = np.random.default_rng(draw)
        values: dict[Node, Any] = {}
        with np.errstate(all="ignore"):
            for node in definition.nodes:
                values[node] = _value(node, values, arguments, dice)
        yield {name: values[node] for name, node in definition.outputs.items()}


def _value(node: Node, values: dict[Node, Any], arguments: Mapping[str, Any], dice: np.random.Generator) -> Any:
    if isinstance(node, ops.Input):
        return arguments[node.column]
    rounded = _rounded(node, dice) if isinstance(node, ops.Linear) and node.type.dtype == "f32" else node
    return REFERENCES[type(node)](rounded, *(values[child] for child in node.inputs))


def _rounded(node: ops.Linear, dice: np.random.Generator) -> ops.Linear:
    weights = node.weights.array.astype(np.float32)
    products = len(weights) + (node.bias is not None)
    steps = UNIT * np.sqrt(products) * dice.choice([-1.0, 1.0], weights.shape)
    return replace(node, weights=Parameter.of((weights * (1 + steps)).astype(np.float32)))
