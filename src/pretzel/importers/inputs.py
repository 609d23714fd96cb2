"""The inputs of a definition in the making: open until a step says what it reads, or a sample settles it.

scikit-learn does not record whether a column held texts or numbers.  So an input stays open until a step asks for it as
one or the other; two steps that disagree are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.errors import UnsupportedError
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, ValueType, dense

MATRIX = "X"
"""Name of the input of estimators that were not fitted on a DataFrame."""
MARK = "\0refused: "
"""Begins the names of open placeholders for what a refused step makes."""


class UnreadableError(UnsupportedError):
    """Columns are not what a step reads; whoever knows where that step stands says so."""


class Inputs:
    """The inputs of a definition in the making: name to type, where it is settled."""

    def __init__(self, settled: dict[str, ValueType] | None = None, categorical: Iterable[str] = ()) -> None:
        """Begin with what a sample has settled: the types of columns, and which of them pandas keeps as categories."""
        self.types: dict[str, ValueType] = dict(settled or {})
        self.categorical = frozenset(categorical)
        self.dates: dict[str, str] = {}
        """Columns that a sample holds as dates, and of which type."""
        self.reader = ""
        """The path of the step that is being imported."""
        self.readers: dict[str, str] = {}
        """The step that settled the type of each input."""
        self.absent_is_missing = False
        """Whether clients are to write NaN where a sparse matrix stores nothing, rather than zero."""
        self.zeros_apart: str | None = None
        """A step that tells a stored zero from what is not stored, which dense rows do not show."""
        self.repeats: str | None = None
        """How clients are to read a column that a sparse row stores twice.

        ``last``, ``refused``, ``refused by dense`` inputs, or None for the sum.
        """
        self.stored_zeros: str | None = None
        """``refused``, where zeros may not be stored in a sparse row that is written out."""
        self.sparse_results: set[Node] = set()
        """Dense values that the library returns as sparse rows, where it is given some."""
        self.integers: str | None = None
        """The type to which clients are to round arrays of integers, if the library does."""
        self.used: dict[str, ops.Input] = {}
        self.metadata: dict[str, Any] = {}
        """What the model says of itself, for people and clients; it goes into the metadata of the definition."""
        self.written_out: set[str] = set()
        self.reads: Counter[str] = Counter()
        """How often each input was read."""
        self.decoding: dict[str, list[tuple[str, str]]] = {}
        """The encoding and the handling of errors of each vectorizer that reads an input as it comes."""
        self.apart: dict[str, dict[str, Any]] = {}
        """Methods that read inputs of their own, and how their X is cut."""
        self.spelled: set[str] = set()
        """Inputs whose lists hold any labels, which clients write as texts (:mod:`pretzel.plan.spelling`)."""
        self.records: dict[str, dict[str, Any]] = {}
        """How rows of named values are cut, by the name of what holds them (:class:`pretzel.client.records.Form`)."""

    def node(self, name: str, wanted: ValueType) -> Node:
        """Return the input as ``wanted``; a settled number type other than that wins over it.

        Raises:
            UnreadableError: one step reads texts where another reads numbers.
        """
        if name in self.dates:
            remedy = "make texts or numbers of it before the model, while fitting too"
            raise UnreadableError(f"column {name!r} holds dates ({self.dates[name]}), which no step reads; {remedy}")
        if name not in self.types:
            self.types[name], self.readers[name] = wanted, self.reader
        kind = self.types[name]
        if kind.is_text != wanted.is_text or kind.width != wanted.width:
            raise UnreadableError(self._disagreement(name, kind, wanted))
        node = ops.Input(name, str(kind))
        self.used[name] = node
        self.reads[name] += 1
        return node

    def _disagreement(self, name: str, kind: ValueType, wanted: ValueType) -> str:
        said = f"it reads {_said(wanted)} of input {name!r}"
        if name not in self.readers:
            remedy = "encode texts by a step of their own, or leave the column out"
            if name == MATRIX:
                remedy = "fit it on a DataFrame, whose columns have types of their own"
            return f"{said}, and the sample holds {_said(kind)} there; {remedy}"
        remedy = "fit them on a DataFrame, and give each columns of its own by a ColumnTransformer"
        return f"{said}, and {self.readers[name]} reads {_said(kind)} of it; {remedy}"

    def decodes(self) -> dict[str, tuple[str, str] | None]:
        """Return how clients are to decode bytes, for each input of documents; None where its readers disagree."""
        return {
            name: forms[0] if len({*forms}) == 1 and len(forms) == self.reads[name] else None
            for name, forms in self.decoding.items()
        }

    def own(self, method: str, name: str, kind: ValueType, style: str) -> Node:
        """Return an input that ``method`` alone reads, whose X is not that of the other methods.

        ``style``: how a client cuts that X, as in :mod:`pretzel.client.inputs`.
        """
        self.apart[method] = {"inputs": [name], "input_style": style}
        return self.used.setdefault(name, ops.Input(name, str(kind)))

    def category(self, name: str) -> Node:
        """Return the input as texts, whatever a sample holds; clients write its integers out (``Columns.category``).

        Raises:
            UnreadableError: another step reads it as numbers.
        """
        if name not in self.used:
            self.types[name] = TEXT
        node = self.node(name, TEXT)
        self.written_out.add(name)
        return node

    def ragged(self, name: str, kind: ValueType) -> Node:
        """Return the input as lists; a sample cannot have settled that, for arrays hold none.

        Raises:
            UnreadableError: another step reads no lists there.
        """
        if name in self.used and self.used[name].type != kind:
            raise UnreadableError(f"input {name!r}: one step reads {self.used[name].type}, another lists")
        self.types[name] = kind
        return self.used.setdefault(name, ops.Input(name, str(kind)))


def _said(kind: ValueType) -> str:
    what = "text" if kind.is_text else "number"
    return f"one {what} per row" if kind.width is None else f"rows of {kind.width} {what}s"


@contextmanager
def reading(path: str, many: Iterable[Inputs]) -> Iterator[None]:
    """Let inputs know which step reads them, for messages."""
    before = [(inputs, inputs.reader) for inputs in many]
    for inputs, _ in before:
        inputs.reader = path
    try:
        yield
    finally:
        for inputs, reader in before:
            inputs.reader = reader


@dataclass(frozen=True, slots=True)
class Open:
    """Columns of an input whose type is still open: the whole of a named column, or some of a matrix."""

    inputs: Inputs
    name: str
    width: int | None
    """Columns of the input; None for one value a row (a list of texts, a column of a DataFrame)."""
    positions: tuple[int, ...] | None = None
    """Which of them; None for all."""

    @property
    def columns(self) -> int:
        return len(self.positions) if self.positions is not None else 1 if self.width is None else self.width

    def settle(self, dtype: str) -> Node:
        node = self.inputs.node(self.name, dense(dtype, self.width))
        if self.positions is None:
            return node
        return ops.Select(node, Parameter.of(np.asarray(self.positions, np.int64)))

    def at(self, position: int) -> Open:
        if self.width is None:
            return self
        within = position if self.positions is None else self.positions[position]
        return Open(self.inputs, self.name, self.width, (within,))
