"""Values during a trace: a node, and an example of it that NumPy itself computed, which fixes dtype and shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.importers.tracing.branches import step
from pretzel.importers.tracing.ending import TraceEnd, mixes_rows
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

ROWS = 11
"""Rows of an example; no usual number of columns, so that shapes that mix both fail."""


@dataclass(frozen=True, slots=True)
class Value:
    """One number per row, or a matrix."""

    node: Node
    example: np.ndarray

    def __post_init__(self) -> None:
        """Count it as a step of the trace."""
        step()

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype."""
        return self.example.dtype

    @property
    def is_vector(self) -> bool:
        """True for one number per row without a second axis."""
        return self.example.ndim == 1

    def columns(self) -> list[Value]:
        """Return the columns, each as one number per row."""
        if self.is_vector:
            return [self]
        return [Value(column_of(self.node, i), self.example[:, i]) for i in range(self.example.shape[1])]


def of_input(node: Node) -> Value:
    """Return an input of the trace, with ones as its example."""
    width = node.type.width
    return Value(node, np.ones(ROWS if width is None else (ROWS, width), node.type.numpy))


def column_of(node: Node, index: int) -> Node:
    """Return one column of a matrix."""
    if isinstance(node, ops.Concat) and all(part.type.columns == 1 for part in node.parts):
        part = node.parts[index]
        if part.type.dtype == node.type.dtype and part.type.layout == "dense":
            return part if part.type.width is None else ops.Column(part, 0)
    if isinstance(node, ops.Select):
        return column_of(node.x, int(node.columns.array[index]))
    return ops.Column(node, index)


def made(node: Node, example: Any) -> Value:
    """Return a node as the library types it: converted to the dtype of the example, and of its shape.

    Raises:
        TraceEnd: no operator has that dtype, or the rows changed.
    """
    example = np.asarray(example)
    if example.dtype not in DTYPE_NAMES:
        raise TraceEnd(f"the result is {example.dtype}", "convert it to float64")
    if example.ndim not in (1, 2) or len(example) != ROWS:
        raise mixes_rows(f"a result of shape {example.shape}")
    node = cast(node, DTYPE_NAMES[example.dtype])
    if example.ndim == 1 and node.type.width is not None:
        node = ops.Column(node, 0)
    if example.ndim == 2 and node.type.width is None:
        node = ops.Concat((node,))
    if node.type.columns != (1 if example.ndim == 1 else example.shape[1]):
        raise mixes_rows(f"a result of shape {example.shape}")
    return Value(node, example)


def cast(node: Node, dtype: str) -> Node:
    """Return a node in another element type."""
    return node if node.type.dtype == dtype else ops.Cast(node, dtype)


def constant(value: Any, beside: Value, dtype: str) -> Node:
    """Return a constant that NumPy broadcasts over the rows of ``beside``.

    Raises:
        TraceEnd: it has a value for each row.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TraceEnd(f"{value!r:.40} is not a number", "use numbers")
    row = _row(array, beside)
    numpy = np.dtype(ops.Cast(beside.node, dtype).type.numpy)
    whole = numpy.kind in "iu" and array.dtype.kind in "iu"
    typed = row.astype(numpy) if not whole or numpy.itemsize == 8 else row.astype(np.int64).astype(numpy)
    return ops.Constant(beside.node, Parameter.of(typed.reshape(1) if typed.ndim == 0 else typed.reshape(1, -1)))


def _row(array: np.ndarray, beside: Value) -> np.ndarray:
    """Return the one row of a constant: a number, or one for each column."""
    if array.ndim and len(array) == ROWS and (array.ndim == 2 or beside.is_vector):
        if not all(np.array_equal(row, array[0], equal_nan=True) for row in array):
            raise TraceEnd("a constant array has another value for each row", "use one value for all rows")
        array = array[0]
    elif array.ndim == 2 and len(array) == 1:
        array = array[0]
    if array.size == 1:
        return array.reshape(())
    if array.ndim != 1 or beside.is_vector:
        raise mixes_rows(f"a constant of shape {array.shape}")
    return array


Handler = Callable[..., Value]
"""Builds the value of a function of values and constants."""
