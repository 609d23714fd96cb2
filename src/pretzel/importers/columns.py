"""The input of a step: an ordered list of columns, some of them of inputs whose type is still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from pretzel.importers.inputs import MARK, MATRIX, Inputs, Open, UnreadableError
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import NUMBERS, TOKENS, ValueType, dense

Part = Node | Open


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns in order, held by nodes and open inputs."""

    parts: tuple[Part, ...]
    names: tuple[str, ...] | None = None
    """The column names, if the input is a DataFrame."""
    frame: bool = False
    """True if the library has a pandas table here, with a type per column, rather than an array of one type."""
    converted: bool = False
    """True if an estimator has made an array or a sparse matrix of what the model was given."""
    types: tuple[Any, ...] | None = None
    """The types of a table that a function of the user returned, as pandas names them: those of texts are read."""
    further: bool = False
    """True if further columns of a table that the model is given are among these in the library."""

    @classmethod
    def of(cls, node: Node) -> Columns:
        """Return the columns of one node; the columns of a placeholder are open."""
        if isinstance(node, ops.Input) and node.column.startswith(MARK):
            return opened_placeholder(node.column, node.type.width)
        return cls((node,))

    @classmethod
    def given(cls, inputs: Inputs, names: Sequence[str] | None, width: int | None = None) -> Columns:
        """Return the input columns of a model: an input for each name or position, or one matrix.

        The matrix is as wide as a sample, if there is one.
        """
        if names is not None:
            inputs.name_columns(names)
            inputs.settle_alike(names)
            frame = inputs.frame is not False
            return cls(tuple(Open(inputs, name, None) for name in names), tuple(names), frame, further=True)
        inputs.width = width
        if inputs.by_position:
            return cls(tuple(Open(inputs, str(i), None) for i in range(width or 0)), frame=bool(inputs.frame))
        if inputs.single and width is not None:
            inputs.types.setdefault(MATRIX, dense("f32", width))
        settled = inputs.types.get(MATRIX)
        width = width if settled is None else settled.width
        inputs.unread = set(range(width or 0))
        return cls((Open(inputs, MATRIX, width),), frame=bool(inputs.frame))

    @classmethod
    def side_by_side(cls, parts: Iterable[Columns], frame: bool) -> Columns:
        """Return the columns of all parts, in order."""
        return cls(tuple(part for columns in parts for part in columns.parts), frame=frame)

    @property
    def inputs(self) -> list[Inputs]:
        """The inputs with open columns among these."""
        return list({id(part.inputs): part.inputs for part in self.parts if isinstance(part, Open)}.values())

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(_width(part) for part in self.parts)

    @property
    def is_sparse(self) -> bool:
        """True if the columns form a sparse matrix."""
        kinds = [part.type if isinstance(part, Node) else part.inputs.types.get(part.name) for part in self.parts]
        return any(kind is not None and kind.layout == "sparse" for kind in kinds)

    @property
    def is_table(self) -> bool:
        """True if these are several unchanged columns of an input table."""
        return bool(self.names) and len(self.parts) > 1 and all(isinstance(part, Open) for part in self.parts)

    @property
    def holds_texts(self) -> bool:
        """True if a column is known to hold texts."""
        return any(map(self._holds_texts, self.parts))

    def settled(self) -> list[Node]:
        """Return the parts as nodes; open ones become texts if known to hold them, else numbers."""
        kinds = ["str" if self._holds_texts(part) else "f64" for part in self.parts]
        parts = zip(self.parts, kinds, strict=True)
        return [part.settle(kind) if isinstance(part, Open) else part for part, kind in parts]

    def numbers(self, dtype: str | None = None) -> Node:
        """Return all columns as one matrix of numbers: of ``dtype`` if given, else of the widest float among them.

        The matrix is sparse if any part is.
        """
        whole = self.array()
        target = dtype or (whole.type.dtype if whole.type.is_float else "f64")
        return whole if whole.type.dtype == target else ops.Cast(whole, target)

    def array(self) -> Node:
        """Return all columns as one matrix of NumPy's promoted type; integers stay integers."""
        nodes = [part.settle("f64") if isinstance(part, Open) else part for part in self.parts]
        texts = [node for node in nodes if node.type.is_text]
        if texts:
            raise UnreadableError(f"expected numbers, got {texts[0].type}; encode the texts first")
        return nodes[0] if len(nodes) == 1 and nodes[0].type.width is not None else ops.Concat(tuple(nodes))

    def returned(self) -> Node:
        """Return all columns as a transformer at the end of a model returns them: as texts if all are, else numbers."""
        if not self.parts or not all(map(self._holds_texts, self.parts)):
            return self.parts[0] if self._is_vector(self.parts) else self.array()
        return self.texts() if self.frame or len(self.parts) > 1 else self.settled()[0]

    def _is_vector(self, parts: tuple[Part, ...]) -> TypeGuard[tuple[Node]]:
        """Return whether a function of the user made one number per row, without a second axis."""
        made = len(parts) == 1 and isinstance(parts[0], Node) and parts[0].type.width is None
        return made and not self.frame and self.names is None

    def as_array(self) -> Columns:
        """Return the columns as an array of one type, to which most estimators convert a table."""
        return Columns(self.parts, self.names, converted=True)

    def text(self) -> Node:
        """Return the one column as one text per row.

        Raises:
            UnreadableError: there are several columns, or the column holds numbers.
        """
        return self._single("str")

    def number(self) -> Node:
        """Return the one column as one float per row, of its own type; f64 if it is open or holds integers."""
        node = self._single("f64")
        return node if node.type.is_float else ops.Cast(node, "f64")

    def texts(self) -> Node:
        """Return all columns as one matrix of texts."""
        nodes = [part.settle("str") if isinstance(part, Open) else part for part in self.parts]
        if not all(node.type.is_text for node in nodes):
            raise UnreadableError(f"expected texts, got {', '.join(str(node.type) for node in nodes)}")
        return nodes[0] if len(nodes) == 1 and nodes[0].type.width is not None else ops.Concat(tuple(nodes))

    def categorical(self) -> list[int]:
        """Return the positions of the columns that are pandas categories in a sample."""
        opened = [part for part in self.parts if isinstance(part, Open) and part.width is None]
        if len(opened) < len(self.parts):
            return []
        return [i for i, part in enumerate(opened) if part.name in part.inputs.categorical]

    def category(self) -> Node:
        """Return the one column as categories by their text: texts, or integers of a previous step.

        An integer equals the text of its digits, so a table column becomes texts even if it holds integers.
        """
        part = self.parts[0]
        if self.width == 1 and isinstance(part, Open) and part.width is None:
            return part.inputs.category(part.name)
        return self._single("str" if self._holds_texts(part) else "f64")

    @staticmethod
    def _holds_texts(part: Part) -> bool:
        kind = part.type if isinstance(part, Node) else part.inputs.types.get(part.name)
        return kind is not None and kind.is_text

    def lists(self, *, spelled: bool = False) -> Node:
        """Return the one column as lists of texts.

        ``spelled``: the items are labels of any kind, which clients encode by :func:`pretzel.plan.spelling.spell`.

        Raises:
            UnreadableError: another step made the column, or reads it as another kind.
        """
        part = self._whole()
        if spelled:
            part.inputs.spelled.add(part.name)
        return part.inputs.ragged(part.name, TOKENS)

    def own_input(self, method: str, name: str, kind: ValueType, style: str) -> Node | None:
        """Return an input that only ``method`` reads; None if these columns are not the model's input."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return part.inputs.own(method, name, kind, style) if isinstance(part, Open) and part.name == MATRIX else None

    def records(self, **form: Any) -> tuple[Node, Node]:
        """Return the names and the values of the one column, whose rows are dictionaries or pairs.

        ``form``: the fields of :class:`pretzel.adapters.records.Form` that differ from their defaults.

        Raises:
            UnreadableError: another step made the column, or reads it in another form.
        """
        part = self._whole()
        if part.inputs.records.setdefault(part.name, form) != form:
            raise UnreadableError(f"input {part.name!r}: two steps read its dictionaries by different rules")
        inputs, name = part.inputs, part.name
        return inputs.ragged(f"{name}.names", TOKENS), inputs.ragged(f"{name}.values", NUMBERS)

    def each(self) -> list[Columns]:
        """Return the columns one by one."""
        return [self.select([i]) for i in range(self.width)]

    def select(self, positions: Sequence[int]) -> Columns:
        """Return the columns at these positions, in this order."""
        names = tuple(self.names[i] for i in positions) if self.names else None
        return Columns(tuple(_merge(self._at(i) for i in positions)), names, self.frame, self.converted)

    def settled_dtype(self) -> str | None:
        """Return the element type of the one column, or None while it is open."""
        part = self.parts[0]
        if isinstance(part, Node):
            return part.type.dtype
        kind = part.inputs.types.get(part.name)
        return None if kind is None else kind.dtype

    def _single(self, dtype: str) -> Node:
        if self.width != 1:
            raise UnreadableError(f"expected one column, got {self.width}; select one by its name, not by a list")
        part = self.parts[0]
        if isinstance(part, Open) and part.positions is not None:
            node: Node = ops.Column(part.whole(dtype), part.positions[0])
        else:
            node = part.settle(dtype) if isinstance(part, Open) else part
        if node.type.is_text != (dtype == "str"):
            raise UnreadableError(f"expected {'texts' if dtype == 'str' else 'numbers'}, got {node.type}")
        if node.type.width is None:
            return node
        return ops.Column(ops.Densify(node) if node.type.layout == "sparse" else node, 0)

    def _whole(self) -> Open:
        """Return the one input that these columns are, if no step has changed it."""
        part = self.parts[0]
        if len(self.parts) != 1 or not isinstance(part, Open) or part.positions is not None:
            raise UnreadableError("expected rows of names or of named values, unchanged by other steps; place it first")
        return part

    def _at(self, position: int) -> Part:
        for part in self.parts:
            width = _width(part)
            if position < width:
                return part.at(position) if isinstance(part, Open) else _pick(part, position)
            position -= width
        raise IndexError(f"column {position} beyond the last")


def opened_placeholder(name: str, width: int | None) -> Columns:
    """Return columns of an unknown kind and a known number."""
    return Columns((Open(Inputs(), name, width),))


def _width(part: Part) -> int:
    return part.columns if isinstance(part, Open) else part.type.columns


def _pick(node: Node, position: int) -> Node:
    if node.type.columns == 1:
        return node
    return ops.Select(node, Parameter.of(np.asarray([position], np.int64)))


def _merge(parts: Iterable[Part]) -> list[Part]:
    """Join neighbours that are columns of one matrix, so that one Select reads them all."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        joined = _join(last, part) if last is not None else None
        if joined is None:
            merged.append(part)
        else:
            merged[-1] = joined
    return merged


def _join(last: Part, part: Part) -> Part | None:
    if isinstance(last, Open) and isinstance(part, Open) and last.positions and part.positions:
        if last.name == part.name:
            return Open(last.inputs, last.name, last.width, last.positions + part.positions)
    if isinstance(last, ops.Select) and isinstance(part, ops.Select) and last.x is part.x:
        return ops.Select(last.x, Parameter.of(np.concatenate([last.columns.array, part.columns.array])))
    return None
