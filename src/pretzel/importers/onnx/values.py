"""What flows along the edges of a graph: constants, values of each row, and the shapes of such."""

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
"""What Python and NumPy raise where a file holds nonsense; a node that meets one is refused by its name."""
MOST = 1 << 25
"""Numbers that one node may make."""
MOST_DIMENSIONS = 64
"""As many as NumPy's arrays may have."""
MOST_COLUMNS = 1 << 22
"""Columns of a row: a graph of a few nodes can double them any number of times."""
MOST_PARTS = 1024
"""Columns, or groups of columns, of a row that have nodes of their own."""


class AcrossRowsError(ValueError):
    """An operator would bring numbers of several rows together."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A tensor with one slice a row: ``node`` holds the other dimensions of a row, flattened in C order."""

    node: Node
    tail: Tail
    """The dimensions but that of the rows."""
    axis: int = 0
    """Where the dimension of the rows stands among all."""

    def __post_init__(self) -> None:
        """Refuse a node that does not hold as many numbers a row as the dimensions say, and rows beyond measure."""
        check_size(self.tail)
        if self.node.type != TOKENS and self.node.type.columns != prod(self.tail):
            raise ValueError(f"{self.node.type} holds no {list(self.tail)} a row")

    @property
    def dtype(self) -> str:
        """The type of the elements."""
        return self.node.type.dtype

    @property
    def rank(self) -> int:
        """How many dimensions there are, with that of the rows."""
        return len(self.tail) + 1

    @property
    def dense(self) -> Node:
        """The node, with the zeros of sparse rows written out."""
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
        """The node as one value a row; it has one column."""
        dense = self.dense
        return dense if dense.type.width is None else ops.Column(dense, 0)

    def of(self, node: Node, tail: Tail | None = None) -> Rows:
        """Return another value of the same rows, of the same dimensions where none are given."""
        return Rows(node, self.tail if tail is None else tail, self.axis)

    def columns(self) -> list[Node]:
        """Return each column as one value a row."""
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
        met = np.zeros(self.node.type.columns, bool)
        met[flat] = True
        repeats = np.count_nonzero(met) < len(flat)
        return ops.Select(self.dense_matrix if repeats else self.matrix, Parameter.of(flat))

    def places(self) -> np.ndarray:
        """Return the position of each element in the flattened row, in the shape of the row."""
        return np.arange(prod(self.tail), dtype=np.int64).reshape(self.tail)

    def row_axis(self, axis: int) -> int:
        """Return which dimension of a row an axis of the tensor is.

        Raises:
            AcrossRowsError: it is the dimension of the rows.
            ValueError: there is no such axis.
        """
        within = self.positive(axis)
        if within == self.axis:
            raise AcrossRowsError(f"axis {axis} runs over the rows")
        return within - (within > self.axis)

    def positive(self, axis: int) -> int:
        """Return an axis counted from the front.

        Raises:
            ValueError: there is no such axis.
        """
        if not -self.rank <= axis < self.rank:
            raise ValueError(f"axis {axis} is none of {self.rank} dimensions")
        return axis % self.rank


@dataclass(frozen=True, slots=True)
class Extents:
    """The shape of a tensor of rows, in which the number of rows stays open (None)."""

    dims: tuple[int | None, ...]
    rows: Rows
    """A value with those rows."""

    def __post_init__(self) -> None:
        """Refuse more dimensions than there can be."""
        check_dimensions(len(self.dims))


@dataclass(frozen=True, slots=True)
class Lines:
    """A tensor of rows whose last dimension is the rows and what comes after them in one: ``[targets, rows * k]``."""

    rows: Rows
    """The same values with the rows apart: ``[targets, rows, k]``."""


@dataclass(frozen=True, slots=True)
class Maps:
    """One map a row from labels to numbers (``ZipMap``): the columns of ``rows`` under their labels."""

    rows: Rows
    labels: Labels


def check_size(tail: Sequence[int]) -> None:
    """Refuse more dimensions or columns than a row may have.

    Raises:
        ValueError: there are more.
    """
    check_dimensions(len(tail))
    if prod(tail) > MOST_COLUMNS:
        raise ValueError(f"rows of {list(tail)} have more than {MOST_COLUMNS} columns")


def check_dimensions(count: int) -> None:
    """Refuse more dimensions, or names of such, than there can be.

    Raises:
        ValueError: there are more.
    """
    if count > MOST_DIMENSIONS:
        raise ValueError(f"{count} dimensions; at most {MOST_DIMENSIONS} are served")


def check_numbers(count: int) -> None:
    """Refuse to make more numbers, before they are made.

    Raises:
        ValueError: there are more.
    """
    if count > MOST:
        raise ValueError(f"it makes {count} numbers; at most {MOST} are served")


def check_parts(count: int) -> None:
    """Refuse to take a row apart into more columns or groups, each with nodes of its own, than are served.

    Raises:
        ValueError: there are more.
    """
    if count > MOST_PARTS:
        raise ValueError(f"a row falls into {count} parts, each computed by itself; at most {MOST_PARTS} are served")


Value = np.ndarray | Rows | Extents | Maps | Lines


def concat(parts: Sequence[Node]) -> Node:
    """Return columns side by side, one node where there is one that has columns."""
    return parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))


def constant(row: np.ndarray, rows: Rows) -> Node:
    """Return the same numbers for each row: one value a row of no dimensions, else columns."""
    shape = (1,) if np.ndim(row) == 0 else (1, -1)
    return ops.Constant(rows.node, Parameter.of(np.ascontiguousarray(np.reshape(row, shape))))


def vector(values: np.ndarray | float, width: int, dtype: str) -> Parameter:
    """Return floats as a parameter of that many columns; one number stands for all."""
    wanted = np.float32 if dtype == "f32" else np.float64
    return Parameter.of(np.ascontiguousarray(np.broadcast_to(np.asarray(values, wanted), (width,))))


def broadcast(rows: Rows, tail: Tail, axis: int) -> Rows:
    """Return a value repeated to the dimensions of a larger row, whose rows stand at ``axis``.

    Raises:
        AcrossRowsError: the rows do not meet the rows.
        ValueError: the dimensions do not go together.
    """
    after = rows.rank - rows.axis
    if after != len(tail) + 1 - axis:
        raise AcrossRowsError("the rows of one value meet another dimension of the other")
    if rows.tail == tail and rows.axis == axis:
        return rows
    shape = (1,) * (len(tail) - len(rows.tail)) + rows.tail
    places = np.broadcast_to(np.arange(prod(rows.tail), dtype=np.int64).reshape(shape), tail)
    if prod(rows.tail) == 1 or prod(tail) == prod(rows.tail):  # one column goes with any number of columns
        return Rows(rows.node, tail if prod(tail) == prod(rows.tail) else (1,) * len(tail), axis)
    return Rows(rows.pick(places), tail, axis)
