"""The inputs of a definition in the making: open until a step says what it reads, or a sample settles it.

scikit-learn does not record whether a column held texts or numbers.  So an input stays open until a step asks for it as
one or the other; two steps that disagree are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Settled:
    """What is known of the inputs before any step reads them, from a sample or from the kind of a request."""

    types: Mapping[str, ValueType] = field(default_factory=dict)
    """By name; by position where ``by_position``."""
    categorical: frozenset[str] = frozenset()
    """The columns that pandas keeps as categories."""
    by_position: bool = False
    """Whether each column of an array is an input, named ``0``, ``1``, ..., because their kinds differ."""
    frame: bool | None = None
    """Whether a table of pandas is given, rather than an array; None where nothing tells."""
    trial: bool = False
    """Whether the definition is made only to see what becomes of these types: no parameter counts."""
    dates: Mapping[str, str] = field(default_factory=dict)
    """The columns that hold dates or spans of time, and their types."""
    single: bool = False
    """Whether NumPy makes an array of float32 of the table that is given."""


@dataclass(frozen=True)
class Computed:
    """Integers that a step computes with in their own type."""

    node: Node
    types: tuple[str, ...]
    """The types for which the result is that of float64."""
    by_column: bool
    """Whether pandas computes each column by itself, so that nullable integers stay integers."""
    strict: bool = False
    """Whether booleans alone are computed with in their type too."""
    reader: str = ""
    """The path of the step."""


@dataclass(frozen=True)
class Bounded:
    """Integers that a step multiplies in their own type, in which large products wrap."""

    node: Node
    most: Mapping[str, int]
    """The largest value of each type of which no product wraps."""
    reader: str = ""
    """The path of the step."""
    strict: bool = True
    """Whether booleans alone are multiplied in their type too."""


class Inputs:
    """The inputs of a definition in the making: name to type, where it is settled."""

    def __init__(self, settled: Settled | None = None) -> None:
        """Begin with what a sample has settled."""
        known = settled or Settled()
        self.types: dict[str, ValueType] = dict(known.types)
        self.categorical = known.categorical
        self.by_position = known.by_position
        self.frame = known.frame
        self.trial = known.trial
        self.dates = known.dates
        self.single = known.single
        self.reader = ""
        """The path of the step that is being imported."""
        self.readers: dict[str, str] = {}
        """The step that settled the type of each input."""
        self.tells_integers = False
        """Whether a step reads integers otherwise than the same numbers as floats."""
        self.rounded: list[Node] = []
        """Matrices of integers that a step reads in float32, where it would read floats in float64."""
        self.computed: list[Computed] = []
        """Integers that a step computes with in their own type."""
        self.doubtful: list[Node] = []
        """Integers that are floats to the library or not, by what they hold."""
        self.bounded: list[Bounded] = []
        """Integers that a step multiplies in their own type."""
        self.whole: set[str] = set()
        """The paths of steps that are given integers by the step before, whatever the inputs hold."""
        self.joined: list[Node] = []
        """Integers among which booleans of a table are integers too."""
        self.unclear: list[Node] = []
        """Integers among which booleans and nullable integers are integers or not, by which columns they are beside."""
        self.followed: tuple[str, Any] = ("", None)
        """The path of the step of a pipeline that is being imported, and the estimator that follows it."""
        self.framed: dict[Node, Node] = {}
        """Imputed texts of which a table of pandas is made, where None becomes NaN, and the texts before."""
        self.tabled: set[str] = set()
        """Inputs of which a table of pandas is made as they come, where None of an array becomes NaN."""
        self.width: int | None = None
        """How many columns an array has; None where it is not known."""
        self.mixed = False
        """Whether one step reads texts and another numbers of the one matrix."""
        self.unread: set[int] = set()
        """The columns of the one matrix that no step has read so far."""
        self.absent_is_missing = False
        """Whether clients are to write NaN where a sparse matrix stores nothing, rather than zero."""
        self.zeros_apart: str | None = None
        """A step that tells a stored zero from what is not stored: rows of the other layout are refused."""
        self.repeats: str | None = None
        """How clients are to read a column that a sparse row stores twice.

        ``last``; ``refused``; ``refused by dense`` inputs, and by sparse ones unless of float64; or None for the sum.
        """
        self.ascending: dict[str, str] = {}
        """What clients do with a sparse matrix of a format whose entries do not ascend in each row or column.

        ``sorted``: they refuse it.  ``refused``: they refuse any sparse matrix, as a step before permutes the entries.
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
        """How rows of named values are cut, by the name of what holds them (:class:`pretzel.adapters.records.Form`)."""

    def name_columns(self, names: Sequence[str]) -> None:
        """Take what is known by position as known of the columns of these names."""
        if self.by_position:
            self.types = {name: self.types[str(i)] for i, name in enumerate(names) if str(i) in self.types}
            self.by_position = False

    def settle_alike(self, names: Sequence[str]) -> None:
        """Take what is known of one matrix of numbers, an array as a sample, as known of the columns of these names."""
        kind = self.types.get(MATRIX)
        if kind is not None and kind.layout == "dense" and not kind.is_text and kind.width == len(names):
            self.types = {**dict.fromkeys(names, dense(kind.dtype)), **self.types}

    @property
    def reads_integers(self) -> bool:
        """Whether an input is known to hold integers, and is read as such."""
        return any(not node.type.is_text and node.type.dtype not in ("f32", "f64") for node in self.used.values())

    @property
    def reads_some_texts(self) -> bool:
        """Whether the one matrix holds texts, and columns beside them that no step reads and that may hold anything."""
        kind = self.types.get(MATRIX)
        return MATRIX in self.used and kind is not None and kind.is_text and bool(self.unread)

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
            self.mixed = self.mixed or (name == MATRIX and kind.is_text != wanted.is_text)
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

        ``style``: how a client cuts that X, as in :mod:`pretzel.adapters.inputs`.
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
        node = self.whole(dtype)
        if self.positions is None:
            return node
        return ops.Select(node, Parameter.of(np.asarray(self.positions, np.int64)))

    def whole(self, dtype: str) -> Node:
        """Return the input that these columns are part of, and note which of its columns are read."""
        if self.positions is None:
            self.inputs.unread.clear()
        self.inputs.unread.difference_update(self.positions or ())
        return self.inputs.node(self.name, dense(dtype, self.width))

    def at(self, position: int) -> Open:
        if self.width is None:
            return self
        within = position if self.positions is None else self.positions[position]
        return Open(self.inputs, self.name, self.width, (within,))
