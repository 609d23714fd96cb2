"""What a request allocates, told from the types of a plan's values and the number of rows before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pretzel.engine.blocks import row_bytes
from pretzel.plan.sizes import is_fixed
from pretzel.plan.types import ValueType

COPIES = 3
"""How often an answer is in memory at once: as arrays, as a message, and as its bytes."""
FRAMING = 16
"""Bytes of the name, the type and the lengths of an output in a message."""


class Need(NamedTuple):
    """Bytes that one request allocates."""

    answer: int
    """At the least, of the message; all of it where ``exact``."""
    frame: int
    """Of the rows between kernels."""
    exact: bool
    """Whether types alone tell the sizes; else they are estimates."""

    def total(self, size: int) -> int:
        """Return what a request of ``size`` bytes holds while it runs and is packed."""
        return size + self.frame + COPIES * self.answer


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes in a row for one choice of outputs."""

    answer_row: int
    """Of outputs whose rows are all of one size."""
    answer_fixed: int
    """Of what does not grow with the rows: tables of labels, names."""
    passed: int
    """Outputs of other sizes that are inputs handed through."""
    frame_row: int
    block: int
    """Rows at a time; 0 where all are taken at once."""
    exact: bool

    def need(self, rows: int, size: int) -> Need:
        """Return what a request of so many rows, and bytes of columns, allocates."""
        at_once = min(rows, self.block) if self.block else rows
        answer = self.answer_fixed + self.answer_row * rows + self.passed * size
        return Need(answer, self.frame_row * at_once, self.exact)


@dataclass(frozen=True, slots=True)
class Written:
    """One output: its type, and where it comes from."""

    kind: ValueType
    labels: np.ndarray | None
    is_input: bool


def footprint(
    outputs: Sequence[Written], between: Iterable[tuple[ValueType, int]], block: int, *, one_block: bool
) -> Footprint:
    """Return the footprint of a program.

    ``between``: the type of each value that a kernel writes into the frame, and the elements expected in a row of it.
    """
    values = list(between)
    fixed = [written for written in outputs if is_fixed(written.kind)]
    return Footprint(
        answer_row=sum(row_bytes(written.kind, 0) for written in fixed),
        answer_fixed=sum(FRAMING + _table_bytes(written.labels) for written in outputs),
        passed=sum(written.is_input and not is_fixed(written.kind) for written in outputs),
        frame_row=sum(row_bytes(kind, room) for kind, room in values),
        block=0 if one_block else block,
        exact=all(is_fixed(kind) for kind, _ in values) and len(fixed) == len(outputs),
    )


def _table_bytes(labels: np.ndarray | None) -> int:
    """Return what a table of labels takes in a message at the least: texts have a byte a character, and a length."""
    if labels is None:
        return 0
    return int(np.char.str_len(labels).sum()) + 4 * len(labels) if labels.dtype.kind == "U" else labels.nbytes
