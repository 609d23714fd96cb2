"""The values on the edges of a graph: constants, tensors of rows, and their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TOKENS

Tail = tuple[int, ...]
Labels = tuple[str, ...] | tuple[int, ...]


MALFORMED = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, AssertionError, MemoryError)
"""Errors that Python and NumPy raise on malformed files; they are reported with the name of the node."""
MOST = 1 << 25
"""Limit on the numbers that one node creates."""
MOST_DIMENSIONS = 64
"""Limit on dimensions, as for NumPy's arrays."""
MOST_COLUMNS = 1 << 22
"""Limit on the columns of a row: a graph of a few nodes can double them many times."""
MOST_PARTS = 1024
"""Limit on the columns, or groups of columns, that have separate nodes."""


class AcrossRowsError(ValueError):
    """An operator would combine numbers of several rows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A tensor with one slice per row: ``node`` holds the other dimensions, flattened in C order."""

    node: Node
    tail: Tail
    """The dimensions without that of the rows."""
    axis: int = 0
    """The position of the dimension of the rows."""

    def __post_init__(self) -> None:
        """Check that the node holds as many numbers per row as the dimensions, and that rows are not too large."""
        check_size(self.tail)
        if self.node.type != TOKENS and self.node.type.columns != prod(self.tail):
            raise ValueError(f"{self.node.type} does not hold {list(self.tail)} per row")

    @property
    def dtype(self) -> str:
        """The type of the elements."""
        return self.node.type.dtype

    @property
    def rank(self) -> int:
        """The number of dimensions, including that of the rows."""
        return len(self.tail) + 1

    @property
    def dense(self) -> Node:
        """The node, with sparse rows made dense."""
        return ops.Densify(self.node) if self.node.type.layout == "sparse" else self.node

    @property
    def matrix(self) -> Node:
        """The node as columns, dense or sparse."""
        return self.node if self.node.type.width is not None else ops.Concat((self.node,))

    @property
    def dense_matrix(self) -> Node:
        """The node as dense columns."""
        return Rows(self.dense, self.tail).matrix

    @property
    def single(self) -> Node:
        """The node as one value per row; it must have one column."""
        dense = self.dense
        return dense if dense.type.width is None else ops.Column(dense, 0)

    def of(self, node: Node, tail: Tail | None = None) -> Rows:
        """Return another value of the same rows, by default with the same dimensions."""
        return Rows(node, self.tail if tail is None else tail, self.axis)

    def columns(self) -> list[Node]:
        """Return each column as one value per row."""
        if self.node.type.columns == 1:
            return [self.single]
        check_parts(self.node.type.columns)
        matrix = self.dense_matrix
        return [ops.Column(matrix, i) for i in range(matrix.type.columns)]

    def pick(self, positions: np.ndarray) -> Node:
        """Return the columns at these positions of the flattened row."""
        flat = np.asarray(positions, np.int64).ravel()
        if self.node.type.width is None and len(flat) == 1:
            return self.node
        if len(flat) == prod(self.tail) and (flat == np.arange(len(flat))).all():
            return self.node
        used = np.zeros(self.node.type.columns, bool)
        used[flat] = True
        repeats = np.count_nonzero(used) < len(flat)
        return ops.Select(self.dense_matrix if repeats else self.matrix, Parameter.of(flat))

    def places(self) -> np.ndarray:
        """Return the position of each element in the flattened row, in the shape of the row."""
        return np.arange(prod(self.tail), dtype=np.int64).reshape(self.tail)

    def row_axis(self, axis: int) -> int:
        """Convert an axis of the tensor to a dimension of a row.

        Raises:
            AcrossRowsError: the axis is that of the rows.
            ValueError: the axis is out of range.
        """
        within = self.positive(axis)
        if within == self.axis:
            raise AcrossRowsError(f"axis {axis} runs over the rows")
        return within - (within > self.axis)

    def positive(self, axis: int) -> int:
        """Return an axis counted from the front.

        Raises:
            ValueError: the axis is out of range.
        """
        if not -self.rank <= axis < self.rank:
            raise ValueError(f"axis {axis} is out of range for {self.rank} dimensions")
        return axis % self.rank


@dataclass(frozen=True, slots=True)
class Extents:
    """The shape of a tensor of rows, in which the number of rows is dynamic (None)."""

    dims: tuple[int | None, ...]
    rows: Rows
    """A value with those rows."""

    def __post_init__(self) -> None:
        """Check the number of dimensions."""
        check_dimensions(len(self.dims))


@dataclass(frozen=True, slots=True)
class Lines:
    """A tensor that merges the rows and the dimensions after them into the last: ``[targets, rows * k]``."""

    rows: Rows
    """The same values with separate rows: ``[targets, rows, k]``."""


@dataclass(frozen=True, slots=True)
class Maps:
    """One map per row from labels to numbers (``ZipMap``): the columns of ``rows`` with their labels."""

    rows: Rows
    labels: Labels


def check_size(tail: Sequence[int]) -> None:
    """Check the number of dimensions and columns of a row.

    Raises:
        ValueError: there are more.
    """
    check_dimensions(len(tail))
    if prod(tail) > MOST_COLUMNS:
        raise ValueError(f"rows of {list(tail)} have more than {MOST_COLUMNS} columns")


def check_dimensions(count: int) -> None:
    """Check a number of dimensions, or of names of dimensions.

    Raises:
        ValueError: there are more.
    """
    if count > MOST_DIMENSIONS:
        raise ValueError(f"{count} dimensions; at most {MOST_DIMENSIONS} are served")


def check_numbers(count: int) -> None:
    """Check a number of numbers before they are created.

    Raises:
        ValueError: there are more.
    """
    if count > MOST:
        raise ValueError(f"it makes {count} numbers; at most {MOST} are served")


def check_parts(count: int) -> None:
    """Check the number of columns or groups into which a row is split, each with separate nodes.

    Raises:
        ValueError: there are more.
    """
    if count > MOST_PARTS:
        raise ValueError(f"a row has {count} parts, each computed separately; at most {MOST_PARTS} are served")


Value = np.ndarray | Rows | Extents | Maps | Lines


def concat(parts: Sequence[Node]) -> Node:
    """Concatenate columns; a single node that has columns is returned unchanged."""
    return parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))


def constant(row: np.ndarray, rows: Rows) -> Node:
    """Return the same numbers for each row: one value per row for a scalar, else columns."""
    shape = (1,) if np.ndim(row) == 0 else (1, -1)
    return ops.Constant(rows.node, Parameter.of(np.ascontiguousarray(np.reshape(row, shape))))


def vector(values: np.ndarray | float, width: int, dtype: str) -> Parameter:
    """Return floats as a parameter of ``width`` columns; a single number is repeated."""
    kind = np.float32 if dtype == "f32" else np.float64
    return Parameter.of(np.ascontiguousarray(np.broadcast_to(np.asarray(values, kind), (width,))))


def broadcast(rows: Rows, tail: Tail, axis: int) -> Rows:
    """Broadcast a value to the dimensions of a larger row, whose rows are at ``axis``.

    Raises:
        AcrossRowsError: the rows of the two values do not align.
        ValueError: the dimensions do not fit.
    """
    after = rows.rank - rows.axis
    if after != len(tail) + 1 - axis:
        raise AcrossRowsError("the rows of one value align with another dimension of the other")
    if rows.tail == tail and rows.axis == axis:
        return rows
    shape = (1,) * (len(tail) - len(rows.tail)) + rows.tail
    places = np.broadcast_to(np.arange(prod(rows.tail), dtype=np.int64).reshape(shape), tail)
    if prod(rows.tail) == 1 or prod(tail) == prod(rows.tail):  # one column fits any number of columns
        return Rows(rows.node, tail if prod(tail) == prod(rows.tail) else (1,) * len(tail), axis)
    return Rows(rows.pick(places), tail, axis)
