"""The inputs of a definition during import: open until a step or a sample decides their type.

scikit-learn does not record whether a column held texts or numbers: an input is open until a step reads it as either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np

from pretzel.errors import UnsupportedError
from pretzel.importers.settled import Settled
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, ValueType, dense

MATRIX = "X"
"""Name of the input of estimators that were not fitted on a DataFrame."""
MARK = "\0refused: "
"""Prefix of the names of open placeholders for the outputs of refused steps."""


class UnreadableError(UnsupportedError):
    """A step cannot read its columns; the caller adds the path of the step."""


@dataclass(frozen=True)
class Computed:
    """Integers with which a step computes in their own type."""

    node: Node
    types: tuple[str, ...]
    """The types for which the result equals that of float64."""
    by_column: bool
    """True if pandas computes each column separately, so that nullable integers stay integers."""
    strict: bool = False
    """True if the step also computes in bool when all columns are booleans."""
    reader: str = ""
    """The path of the step."""


@dataclass(frozen=True)
class Bounded:
    """Integers that a step multiplies in their own type, in which large products wrap."""

    node: Node
    most: Mapping[str, int]
    """The largest value of each type whose products do not wrap."""
    reader: str = ""
    strict: bool = True
    """True if the step also multiplies in bool when all columns are booleans."""
    by_column: bool = False


@dataclass(eq=False, repr=False)
class Inputs:
    """The inputs of a definition during import: names, and types once settled."""

    settled: InitVar[Settled | None] = None
    types: dict[str, ValueType] = field(default_factory=dict)
    categorical: frozenset[str] = frozenset()
    by_position: bool = False
    frame: bool | None = None
    trial: bool = False
    dates: Mapping[str, str] = field(default_factory=dict)
    text_types: Mapping[str, str] = field(default_factory=dict)
    single: bool = False
    names: tuple[str, ...] | None = None
    reader: str = ""
    """The path of the step that is being imported."""
    readers: dict[str, str] = field(default_factory=dict)
    """The step that settled the type of each input."""
    tells_integers: bool = False
    """True if a step computes integers differently from the same numbers as floats."""
    rounded: list[Node] = field(default_factory=list)
    """Matrices of integers that a step reads in float32 but would read in float64 as floats."""
    computed: list[Computed] = field(default_factory=list)
    """Integers with which a step computes in their own type."""
    doubtful: list[Node] = field(default_factory=list)
    """Integers that the library converts to floats depending on their values."""
    bounded: list[Bounded] = field(default_factory=list)
    """Integers that a step multiplies in their own type."""
    whole: set[str] = field(default_factory=set)
    """The paths of steps whose previous step returns integers for any inputs."""
    joined: list[Node] = field(default_factory=list)
    """Integers next to which booleans of a table become integers too."""
    unclear: list[Node] = field(default_factory=list)
    """Integers next to which booleans and nullable integers become integers or not, depending on other columns."""
    followed: tuple[str, Any] = ("", None)
    """The path of the pipeline step that is being imported, and the estimator that follows it."""
    framed: dict[Node, Node] = field(default_factory=dict)
    """Imputed texts that pandas puts into a table, where None becomes NaN, and the texts before imputation."""
    tabled: set[str] = field(default_factory=set)
    """Inputs that pandas puts into a table unchanged, where None of an array becomes NaN."""
    width: int | None = None
    """The number of columns of an array; None if unknown."""
    mixed: bool = False
    """True if one step reads texts and another numbers of the one matrix."""
    of_type: dict[Node, str] = field(default_factory=dict)
    """The float type that the library requires for a result, if that of its input differs."""
    unread: set[int] = field(default_factory=set)
    """The columns of the one matrix that no step has read yet."""
    absent_is_missing: bool = False
    """True if clients must fill absent entries of a sparse matrix with NaN rather than zero."""
    zeros_apart: str | None = None
    """A step that distinguishes stored zeros from absent entries: rows of the other layout are rejected."""
    dense_only: str | None = None
    """A step that is given the model's input unchanged, and rejects sparse matrices, as clients then do."""
    sparse_columns: str | None = None
    """``refused`` if a step that distinguishes stored zeros is handed a table of sparse columns, and reads zeros."""
    repeats: str | None = None
    """The treatment by clients of a column that a sparse row stores twice.

    ``last``; ``refused``; ``refused by dense`` inputs, and by sparse ones unless of float64; or None for the sum.
    """
    ascending: dict[str, str] = field(default_factory=dict)
    """The treatment by clients of a sparse matrix whose entries do not ascend in each row or column, by format.

    ``sorted``: it is rejected.  ``refused``: any sparse matrix is, because an earlier step permutes the entries.
    """
    stored_zeros: str | None = None
    """``refused`` if sparse rows with stored zeros must not be densified."""
    cancelled: set[Node] = field(default_factory=set)
    """Sums that are zero but for rounding for many rows."""
    sparse_results: set[Node] = field(default_factory=set)
    """Dense values that the library returns as sparse rows for sparse input."""
    integers: str | None = None
    """The type to which clients round arrays of integers, if the library does."""
    used: dict[str, ops.Input] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    written_out: set[str] = field(default_factory=set)
    reads: Counter[str] = field(default_factory=Counter)
    """The number of reads of each input."""
    decoding: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """The encoding and the error handling of each vectorizer that reads an input unchanged."""
    apart: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Methods with separate inputs, and how their X is split."""
    spelled: set[str] = field(default_factory=set)
    """Inputs whose lists hold labels of any kind, which clients encode as texts (:mod:`pretzel.plan.spelling`)."""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The form of rows of named values, by the name of the input (:class:`pretzel.adapters.records.Form`)."""

    def __post_init__(self, settled: Settled | None) -> None:
        """Start with the types that a sample has settled."""
        known = settled or Settled()
        self.types = dict(known.types)
        self.categorical, self.dates, self.text_types = known.categorical, known.dates, known.text_types
        self.by_position, self.frame = known.by_position, known.frame
        self.trial, self.single, self.names = known.trial, known.single, known.names

    def name_columns(self, names: Sequence[str]) -> None:
        """Convert types by position to types by these names."""
        if self.by_position:
            self.types = {name: self.types[str(i)] for i, name in enumerate(names) if str(i) in self.types}
            self.by_position = False

    def settle_alike(self, names: Sequence[str]) -> None:
        """Apply the type of a numeric matrix, from an array as a sample, to the columns of these names."""
        kind = self.types.get(MATRIX)
        if kind is not None and kind.layout == "dense" and not kind.is_text and kind.width == len(names):
            self.types = {**dict.fromkeys(names, dense(kind.dtype)), **self.types}

    @property
    def reads_integers(self) -> bool:
        """True if an input is known to hold integers and is read as such."""
        numbers = [node for name, node in self.used.items() if not node.type.is_text and name not in self.dates]
        return any(node.type.dtype not in ("f32", "f64") for node in numbers)

    @property
    def reads_some_texts(self) -> bool:
        """True if the one matrix holds texts, and other columns of any kind that no step reads."""
        kind = self.types.get(MATRIX)
        return MATRIX in self.used and kind is not None and kind.is_text and bool(self.unread)

    def node(self, name: str, wanted: ValueType) -> Node:
        """Return the input as ``wanted``; an already settled number type takes precedence.

        Raises:
            UnreadableError: one step reads texts where another reads numbers.
        """
        if name in self.dates:
            remedy = "convert it to texts or numbers before the model, in training too, or in a function of a step"
            raise UnreadableError(f"column {name!r} holds dates ({self.dates[name]}), which it cannot read; {remedy}")
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
        conflict = f"it reads {_said(wanted)} of input {name!r}"
        if name not in self.readers:
            remedy = "encode texts by a step of their own, or leave the column out"
            if name == MATRIX:
                remedy = "fit it on a DataFrame, whose columns have types of their own"
            return f"{conflict}, and the sample holds {_said(kind)} there; {remedy}"
        remedy = "fit them on a DataFrame, and give each columns of its own by a ColumnTransformer"
        return f"{conflict}, and {self.readers[name]} reads {_said(kind)} of it; {remedy}"

    def decodes(self) -> dict[str, tuple[str, str] | None]:
        """Return how clients decode bytes, for each input of documents; None if its readers disagree."""
        return {
            name: forms[0] if len({*forms}) == 1 and len(forms) == self.reads[name] else None
            for name, forms in self.decoding.items()
        }

    def own(self, method: str, name: str, kind: ValueType, style: str) -> Node:
        """Return an input that only ``method`` reads, whose X differs from that of the other methods.

        ``style``: how a client splits that X, as in :mod:`pretzel.adapters.inputs`.
        """
        self.apart[method] = {"inputs": [name], "input_style": style}
        return self.used.setdefault(name, ops.Input(name, str(kind)))

    def category(self, name: str) -> Node:
        """Return the input as texts, for any sample; clients convert its integers to text (``Columns.category``).

        Raises:
            UnreadableError: another step reads it as numbers.
        """
        if name not in self.used:
            self.types[name] = TEXT
        node = self.node(name, TEXT)
        self.written_out.add(name)
        return node

    def ragged(self, name: str, kind: ValueType) -> Node:
        """Return the input as lists; a sample cannot have settled that, because arrays do not hold lists.

        Raises:
            UnreadableError: another step reads the input as another kind.
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
    """Record in the inputs which step reads them, for messages."""
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
    """Columns of an input whose type is still open: a named column, or some columns of a matrix."""

    inputs: Inputs
    name: str
    width: int | None
    """Columns of the input; None for one value per row (a list of texts, a column of a DataFrame)."""
    positions: tuple[int, ...] | None = None
    """The positions of these columns; None for all."""

    @property
    def columns(self) -> int:
        return len(self.positions) if self.positions is not None else 1 if self.width is None else self.width

    def settle(self, dtype: str) -> Node:
        node = self.whole(dtype)
        if self.positions is None:
            return node
        return ops.Select(node, Parameter.of(np.asarray(self.positions, np.int64)))

    def whole(self, dtype: str) -> Node:
        """Return the input that contains these columns, and record which of its columns are read."""
        if self.positions is None:
            self.inputs.unread.clear()
        self.inputs.unread.difference_update(self.positions or ())
        return self.inputs.node(self.name, dense(dtype, self.width))

    def at(self, position: int) -> Open:
        if self.width is None:
            return self
        within = position if self.positions is None else self.positions[position]
        return Open(self.inputs, self.name, self.width, (within,))
