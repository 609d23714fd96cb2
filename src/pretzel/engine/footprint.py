"""Estimate the memory of a request before it runs, from the types of a plan's values and the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pretzel.engine.blocks import row_bytes
from pretzel.plan.sizes import is_fixed
from pretzel.plan.types import ValueType

COPIES = 3
"""Copies of a response in memory at once: as arrays, as a message, and as its bytes."""
FRAMING = 16
"""Bytes of the name, the type and the lengths of an output in a message."""


class Need(NamedTuple):
    """Bytes that one request allocates."""

    answer: int
    """Of the response message: its size if ``exact``, else a lower bound."""
    frame: int
    """Of the rows between kernels."""
    exact: bool
    """True if types alone determine the sizes; else they are estimates."""
    further: int = 0
    """Of the rows between kernels, for each further thread that runs blocks of the same request."""

    def total(self, size: int) -> int:
        """Return the bytes that a request of ``size`` bytes holds while it runs and is packed."""
        return size + self.frame + COPIES * self.answer


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes per row for one choice of outputs."""

    answer_row: int
    """Of outputs with rows of a fixed size."""
    answer_fixed: int
    """Of parts that do not grow with the rows: tables of labels, names."""
    passed: int
    """Number of variable-size outputs that are inputs passed through."""
    frame_row: int
    """Of values between kernels."""
    piled_row: int
    """Of sparse rows of the response, which blocks leave behind one another; several threads join theirs once more."""
    block: int
    """Rows per block; 0 for all rows in one block."""
    exact: bool

    def need(self, rows: int, size: int) -> Need:
        """Return the memory for a request with ``rows`` rows and ``size`` bytes of columns."""
        at_once = min(rows, self.block) if self.block else rows
        answer = self.answer_fixed + self.answer_row * rows + self.passed * size
        frame = self.frame_row * at_once
        piled = self.piled_row * rows if rows > at_once else 0
        return Need(answer, frame + piled, self.exact, frame if self.block else 0)


@dataclass(frozen=True, slots=True)
class Written:
    """One output: its type and its source."""

    kind: ValueType
    labels: np.ndarray | None
    is_input: bool


def footprint(
    outputs: Sequence[Written],
    between: Iterable[tuple[ValueType, int]],
    piled: Iterable[tuple[ValueType, int]],
    block: int,
) -> Footprint:
    """Return the footprint of a program.

    ``between``: the type of each value that a kernel writes into the frame, and its expected elements per row.
    ``piled``: those that are sparse rows of the response, unless all rows are one block (``block`` 0).
    """
    values = list(between)
    fixed = [written for written in outputs if is_fixed(written.kind)]
    return Footprint(
        answer_row=sum(row_bytes(written.kind, 0) for written in fixed),
        answer_fixed=sum(FRAMING + _table_bytes(written.labels) for written in outputs),
        passed=sum(written.is_input and not is_fixed(written.kind) for written in outputs),
        frame_row=sum(row_bytes(kind, room) for kind, room in values),
        piled_row=2 * sum(row_bytes(kind, room) for kind, room in piled),
        block=block,
        exact=all(is_fixed(kind) for kind, _ in values) and len(fixed) == len(outputs),
    )


def _table_bytes(labels: np.ndarray | None) -> int:
    """Return a lower bound of a label table's bytes in a message: texts take a byte per character, and a length."""
    if labels is None:
        return 0
    return int(np.char.str_len(labels).sum()) + 4 * len(labels) if labels.dtype.kind == "U" else labels.nbytes
