"""A linear model over a concatenation is the sum of linear models over its parts; the wide vector is never built."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Concat, Densify, Linear, Sum
from pretzel.plan.parameter import Parameter


@rule(on(Linear, x=Concat))
def push_linear_through_concat(graph: Graph, linear: Linear, concat: Concat) -> Node | None:
    """``[a b] @ w = a @ w[:2] + b @ w[2:]``: each n-gram is looked up directly in its weights.

    Before::

        %a = input column="a" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=3
        %2 = concat %a %1
        %3 = linear %2 weights=@w:f64[5] bias=@b:f64[1]
        output "y" = %3

    After::

        %a = input column="a" kind="f64[2]"
        %c = input column="c" kind="i64"
        %1 = linear %a weights=@first
        %2 = one_hot %c width=3
        %3 = linear %2 weights=@rest
        %4 = sum %1 %3 bias=@b
        output "y" = %4

    Where::

        first = w[:2]
        rest = w[2:]
    """
    if graph.shared(concat) or not graph.loose(linear):
        return None
    if not any(map(_sparse, concat.parts)):  # dense parts are copied faster than their products are summed
        return None
    groups = [Concat(group) if len(group) > 1 else group[0] for group in _groups(concat)]
    allowed = ("f64", "f32") if linear.weights.dtype == "f64" else ("f64",)
    if not all(group.type.dtype in allowed for group in groups):  # float32 products would round to float32
        return None
    ends = list(itertools.accumulate(group.type.columns for group in groups))
    weights = [linear.weights.array[end - g.type.columns : end] for g, end in zip(groups, ends, strict=True)]
    parts = (Linear(group, Parameter.of(slab)) for group, slab in zip(groups, weights, strict=True))
    return Sum(tuple(parts), linear.bias)


def _sparse(part: Node) -> bool:
    return part.type.layout == "sparse" or (isinstance(part, Densify) and part.is_toarray)


def _groups(concat: Concat) -> Iterator[tuple[Node, ...]]:
    for sparse, run in itertools.groupby(concat.parts, _sparse):
        parts = tuple(run)
        yield from ((part,) for part in parts) if sparse else (parts,)
