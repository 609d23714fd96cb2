"""One definition compiled for each kind of input that comes: float64, float32, sparse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pretzel import engine
from pretzel.client.columns import as_texts, column_of
from pretzel.client.inputs import columns_of
from pretzel.client.results import result_of
from pretzel.client.tables import array_of, columns_named, is_sparse, texts_of
from pretzel.control_plane.compile import compile_plan
from pretzel.control_plane.optimize import optimize
from pretzel.engine.columns import bind_column
from pretzel.engine.executable import Output
from pretzel.errors import DefinitionError, InputError, UnsupportedError
from pretzel.local.records import reader_of
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.forms import as_returned, has_form
from pretzel.plan.model import InputDescription
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType
from pretzel.plan.values import Labels

Export = Callable[[Any], Definition]
Kind = tuple[str, frozenset[str]]  # layout of X, names of the inputs that come as float32

_AS_SAVED: Kind = ("dense", frozenset())


class Model:
    """One definition, compiled, for one kind of input."""

    def __init__(self, definition: Definition) -> None:
        compiled = compile_plan(optimize(definition))
        self.definition, self.plan = definition, compiled.plan
        self.executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
        self.metadata = definition.metadata
        self.inputs = [InputDescription(item.name, item.type) for item in self.executable.inputs]
        self.finish = {name: _finisher(name, out, self.metadata) for name, out in self.executable.outputs.items()}
        self.by_name = definition.metadata.get("input_style") == "frame"
        self.reads_texts = reads_texts = definition.metadata.get("input_style") == "texts"
        self.read_records = reader_of(self.metadata, self.inputs)
        checks = any(isinstance(node, ops.RequireFinite) for node in definition.nodes)
        self.refuses_nothing = checks or not reads_texts

    def bind(self, X: Any) -> tuple[list[Any], int]:
        """Return the columns of X as the program reads them, and how many rows they have.

        Raises:
            InputError: X is not what the model takes, or has no rows where the library wants one.
        """
        if self.reads_texts and type(X) is list:
            try:
                return self.bound({self.inputs[0].name: X})  # read where they lie: packing them would cost more
            except InputError:
                pass  # the careful way below takes it, or says what is wrong
        if self.read_records is not None and type(X) is list and X and (found := self.read_records(X)):
            return found
        return self.bound(columns_of(X, self.inputs, self.metadata))

    def bound(self, columns: Mapping[str, Any]) -> tuple[list[Any], int]:
        rows = {name: len(column) for name, column in columns.items()}
        if len(set(rows.values())) > 1:
            raise InputError(f"X: its columns have different numbers of rows: {rows}")
        count = next(iter(rows.values()), 0)
        if count == 0 and self.refuses_nothing:
            raise InputError("X: found 0 samples, while a minimum of 1 is required")
        return [bind_column(item.name, item.type, columns[item.name]) for item in self.inputs], count


class Models:
    """The models of one predictor: one for the types as they were exported, others when such input first comes."""

    def __init__(self, definition: Definition, reexport: Export | None) -> None:
        self.main = Model(definition)
        self._reexport = reexport
        self._made: dict[Kind, Model] = {_AS_SAVED: self.main}
        self._lock = threading.Lock()
        floats = [item for item in self.main.inputs if item.type.is_float and item.type.layout == "dense"]
        self._floats = {item.name: item.type for item in floats} if reexport else {}
        self._types = {item.name: item.type for item in self.main.inputs}
        self._digits = frozenset(definition.metadata.get("integers_as_text") or ())

    def bind(self, X: Any) -> tuple[Model, list[Any], int]:
        """Return the model for the types of X, the columns of X as its program reads them, and how many rows they have.

        Raises:
            InputError: X is not what the model takes, or has no rows where the library wants one.
        """
        columns = columns_named(X, self._types) if self.main.by_name else None
        if columns is not None:
            try:
                return self._bind_columns(columns)
            except (InputError, TypeError, ValueError):
                pass  # something is unusual: the careful way below takes it, or says what is wrong
        model = self._of(self._kind(X) if self._floats else _AS_SAVED)
        return model, *model.bind(X)

    def _bind_columns(self, columns: Mapping[str, Any]) -> tuple[Model, list[Any], int]:
        """Take a table column by column; only in columns of pandas does scikit-learn see that they are float32."""
        singles = frozenset(name for name in self._floats if getattr(columns[name], "dtype", None) == np.float32)
        written = {name: as_texts(column) if name in self._digits else column for name, column in columns.items()}
        read = {name: _native(written[name], kind) for name, kind in self._types.items()}
        model = self._of(("dense", singles))
        return model, *model.bound({item.name: _typed(item, read[item.name]) for item in model.inputs})

    def _of(self, kind: Kind) -> Model:
        return self._made.get(kind) or self._make(kind)

    def _kind(self, X: Any) -> Kind:
        if is_sparse(X):
            return "dense" if self.main.by_name else "sparse", self._all_if(X.dtype)
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            types = dict(zip(X.columns, X.dtypes, strict=True))
            if self.main.by_name:
                return "dense", frozenset(name for name in self._floats if types.get(name) == np.float32)
            return "dense", self._all_if(np.float32 if all(t == np.float32 for t in types.values()) else None)
        return "dense", self._all_if(getattr(X, "dtype", None))

    def _all_if(self, dtype: Any) -> frozenset[str]:
        return frozenset(self._floats) if dtype == np.float32 else frozenset()

    def _make(self, kind: Kind) -> Model:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._compile(kind)
            return self._made[kind]

    def _compile(self, kind: Kind) -> Model:
        assert self._reexport is not None
        layout, singles = kind
        types = {name: ValueType("f32", t.width) if name in singles else t for name, t in self._types.items()}
        if layout == "dense":
            return Model(self._reexport(_Sample(types)))
        only = next(iter(types.values()))
        try:
            return Model(self._reexport(_SparseSample(ValueType(only.dtype, only.columns, "sparse"))))
        except (DefinitionError, UnsupportedError):
            # An operator that reads dense rows only: the zeros are written out instead.
            return self._made.get(("dense", singles)) or self._compile(("dense", singles))


class _Sample:
    """No rows, of these types: a frame, or one matrix where there is one input of several columns."""

    def __new__(cls, types: Mapping[str, ValueType]) -> Any:
        """Return an array instead, where the model takes one."""
        only = next(iter(types.values()))
        if len(types) == 1 and only.width is not None:
            return np.empty((0, only.width), only.numpy)
        return super().__new__(cls)

    def __init__(self, types: Mapping[str, ValueType]) -> None:
        self.columns = list(types)
        self.dtypes = types

    def __getitem__(self, name: str) -> np.ndarray:
        kind = self.dtypes[name]
        return np.empty(0, str if kind.is_text else kind.numpy)


class _SparseSample:
    """No rows of a sparse matrix."""

    def __init__(self, kind: ValueType) -> None:
        self.dtype, self.shape = kind.numpy, (0, kind.columns)

    def tocsr(self) -> _SparseSample:
        return self


def _native(column: Any, kind: ValueType) -> Any:
    """Return a column of a table as texts or as an array of its own numbers."""
    return texts_of(column) if kind.is_text else np.asarray(array_of(column, number=True))


def _typed(item: InputDescription, values: Any) -> Any:
    """Return a column in the type that the model reads."""
    if item.type.is_text:
        return values
    if values.dtype.kind in "biuf" and values.dtype != np.float16:
        return values.astype(item.type.numpy, copy=False)
    return column_of(item.name, values, item.type)


def _finisher(name: str, output: Output, metadata: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return the function that makes the method's result from an output."""
    if has_form(name, metadata):
        return lambda array: as_returned(name, array, metadata)
    if output.labels is not None:
        table = table_of(output.labels, metadata)
        return lambda labels: _look_up(labels, table)
    if output.type.layout == "dense" and not output.type.is_text:
        return lambda array: array
    return result_of


def _look_up(labels: Labels, table: np.ndarray) -> np.ndarray:
    found: np.ndarray = table[labels.codes]
    return found


def table_of(labels: np.ndarray, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return the labels in the dtype of the estimator's classes."""
    return labels.astype(object) if metadata.get("classes_dtype") == "object" else labels


def labels_of(parameter: Parameter) -> np.ndarray:
    """Return the labels that a parameter holds."""
    return np.array(parameter.texts) if parameter.dtype == "str" else parameter.array
