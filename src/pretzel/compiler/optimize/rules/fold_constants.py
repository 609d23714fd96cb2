"""A value computed from constants alone is a constant."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES

EXACT = (
    *(ops.Affine, ops.ArgMax, ops.ArgMin, ops.Cast, ops.Clip, ops.Column, ops.Concat, ops.Impute),
    *(ops.Select, ops.Standardize, ops.Sum, ops.Take, ops.Threshold),
)
"""Operators that every machine computes to the same bits; not exponentials, whose code NumPy selects by the CPU."""
ALWAYS = 1 << 20
"""Bytes up to which a constant is folded; a larger one may not exceed what it is made from."""


@rule(on(Node))
def fold_constants(graph: Graph, node: Node) -> Node | None:
    """A value that is the same for each row is computed once, at compile time.

    Before::

        %x = input column="x" kind="str"
        %1 = constant %x row=@row
        %2 = affine %1 scale=@s:f64[2]
        output "y" = %2

    After::

        %x = input column="x" kind="str"
        %1 = constant %x row=@scaled
        output "y" = %1

    Where::

        row = np.array([[3.0, 4.0]])
        scaled = row * s
    """
    if not isinstance(node, EXACT) or not all(isinstance(child, ops.Constant) for child in node.inputs):
        return None
    if isinstance(node, ops.Cast) and node.type.dtype[0] != "f":  # the integer value of a NaN depends on the CPU
        return None
    if _grows(node):  # repeated concatenation would double it at each step
        return None
    with np.errstate(all="ignore"):
        row = REFERENCES[type(node)](node, *(child.parameters["row"].array for child in node.inputs))
    return ops.Constant(node.inputs[0].inputs[0], Parameter.of(np.asarray(row).astype(node.type.numpy)))


def _grows(node: Node) -> bool:
    """Return whether a constant would be large, and larger than the distinct parameters that it is computed from."""
    given = {
        parameter.digest: parameter.nbytes for part in (node, *node.inputs) for parameter in part.parameters.values()
    }
    return node.type.columns * node.type.numpy.itemsize > max(ALWAYS, sum(given.values()))
