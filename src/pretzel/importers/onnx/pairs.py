"""Broadcast values of a graph to each other as ONNX does; constants become columns that repeat in each row."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from pretzel.importers.onnx.registry import Site
from pretzel.importers.onnx.values import Rows, Value, broadcast, check_numbers, check_size, constant
from pretzel.plan import ops
from pretzel.plan.node import Node

WIDE = {"i8": "i64", "i16": "i64", "i32": "i64", "u8": "i64", "u16": "i64", "u32": "i64"}
"""The type in which small integers are computed; the result is truncated, which wraps as theirs does."""

Combine = Callable[..., Node]


def combine(site: Site, values: list[Value], function: Combine, result: str | None = None) -> Rows:
    """Apply a function to dense nodes broadcast to each other; at least one of the values has rows.

    ``function`` receives values of f32, f64, i64 or bool; ``result`` is the type of its result if it differs from that
    of the values.
    """
    parts = aligned(site, values)
    dtype = parts[0].dtype
    wide = WIDE.get(dtype, dtype)
    node = function(*(cast(part.dense, wide if part.dtype == dtype else part.dtype) for part in parts))
    tail = np.broadcast_shapes(*(part.tail for part in parts))
    return Rows(cast(node, result or dtype), tail, parts[0].axis)


def aligned(site: Site, values: list[Value]) -> list[Rows]:
    """Return values broadcast to common dimensions; values of one column may keep it."""
    rows = [value for value in values if isinstance(value, Rows)]
    shapes = [_shape(site, value) for value in values]
    whole = np.broadcast_shapes(*shapes)
    first = max(rows, key=lambda value: value.rank)
    axis = len(whole) - first.rank + first.axis
    tail = tuple(whole[:axis] + whole[axis + 1 :])
    check_size(tail)
    check_numbers(len(values) * prod(tail))
    return [_aligned(site, value, first, tail, axis) for value in values]


def _aligned(site: Site, value: Value, rows: Rows, tail: tuple[int, ...], axis: int) -> Rows:
    if isinstance(value, Rows):
        if value.node.type.is_text:
            raise site.refuse("it is given texts", "encode them first")
        return broadcast(value, tail, axis)
    assert isinstance(value, np.ndarray)
    if value.dtype.kind not in "biuf":
        raise site.refuse(f"it combines {value.dtype} with the rows", "encode texts first")
    place = value.ndim - (len(tail) + 1) + axis  # the position of the rows among the dimensions of the constant
    if place >= 0:
        if value.shape[place] != 1:
            raise site.refuse("a constant differs from row to row", "export a graph for any number of rows")
        value = value.squeeze(place)
    if value.size == 1:
        row = constant(value.reshape((1,) * len(tail)) if tail else value.reshape(()), rows)
        return Rows(row, (1,) * len(tail), axis)
    return Rows(constant(np.broadcast_to(value, tail), rows), tail, axis)


def _shape(site: Site, value: Value) -> tuple[int, ...]:
    """Return the dimensions of a value, with one row."""
    if isinstance(value, np.ndarray):
        return value.shape
    if not isinstance(value, Rows):
        raise site.refuse("its input is not a tensor", "export a graph of tensors")
    return (*value.tail[: value.axis], 1, *value.tail[value.axis :])


def cast(node: Node, dtype: str) -> Node:
    """Convert numbers to a type, unless they already have it."""
    return node if node.type.dtype == dtype else ops.Cast(node, dtype)
