"""Prediction in this process: an estimator compiled into a predictor with the same methods, without any server."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel import engine
from pretzel.client.inputs import column_of, columns_of
from pretzel.client.results import result_of
from pretzel.client.tables import array_of, columns_named, is_sparse, texts_of
from pretzel.control_plane.compile import compile_plan
from pretzel.control_plane.explain import Evidence, explain
from pretzel.control_plane.optimize import optimize
from pretzel.engine.columns import bind_column
from pretzel.engine.executable import Output
from pretzel.errors import DefinitionError, InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.files import opened
from pretzel.plan import bundle, ops
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from pretzel.plan.parameter import Parameter
from pretzel.plan.parts import methods_of, outputs_of, put_together
from pretzel.plan.types import ValueType
from pretzel.plan.values import Labels

Export = Callable[[Any], Definition]
Kind = tuple[str, frozenset[str]]  # layout of X, names of the inputs that come as float32

_AS_SAVED: Kind = ("dense", frozenset())


def compile(estimator: Any) -> Predictor:
    """Compile a fitted estimator into a predictor that answers as the estimator does, in a fraction of the time.

    A path stands for the model in a file of its library's own format.

    Raises:
        UnsupportedError: a step or an option cannot be served exactly; the message names it and says what to do.
        InputError: a file is torn, or not what it seems to be.
    """
    estimator = opened(estimator)
    return Predictor(export(estimator), lambda sample: export(estimator, sample=sample))


def load(path: str | os.PathLike[str]) -> Predictor:
    """Read a predictor that :meth:`Predictor.save` or ``pretzel export`` wrote; it holds no code.

    Raises:
        CorruptObjectError: the file is something else, torn or damaged.
    """
    return Predictor(bundle.load(path))


class Predictor:
    """A compiled estimator with the methods that the estimator has: ``predict``, ``transform``, ``predict_proba``, ...

    Each takes what the estimator's own takes (arrays of any dtype, sparse matrices, lists, DataFrames) and returns what
    it returns.  ``classes_`` and ``feature_names_in_`` are there where the estimator has them.  Safe to call from many
    threads.
    """

    def __init__(self, definition: Definition, reexport: Export | None = None) -> None:
        """Compile ``definition``; ``reexport`` makes one for other types of input, float32 or sparse."""
        self._models = _Models(definition, reexport)
        self._definition = definition
        for method in methods_of(definition.outputs):
            setattr(self, method, _method(method, self._models))
        names = definition.metadata.get("feature_names")
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        heads = [definition.outputs[name] for name in outputs_of("predict", definition.outputs)]
        tables = [_table(_labels(h.labels), definition.metadata) for h in heads if isinstance(h, ops.LabelLookup)]
        if tables and len(tables) == len(heads):
            self.classes_ = tables if len(heads) > 1 else tables[0]

    def __getattr__(self, name: str) -> Any:
        """Say which methods there are, where another is asked for."""
        methods = methods_of(self.__dict__["_definition"].outputs) if "_definition" in self.__dict__ else ()
        raise AttributeError(f"this predictor has no {name!r}; it has {', '.join(methods)}")

    def explain(self, X: Any = None, *, format: str = "text", verbose: bool = False) -> str:
        """Say what is computed and where the time goes: the definition, the rules that rewrote it, the stages.

        Args:
            X: rows to time each kernel on; without any, the time is estimated from what the kernels touch.
            format: ``text``, ``json``, ``dot``, ``mermaid`` or ``svg``.
            verbose: also the definition before and after each rule.

        Raises:
            InputError: X is not what the estimator takes, or there is no such format.
        """
        model = self._models.main
        measured = None if X is None else engine.measure(model.executable, model.plan, *model.bind(X))
        evidence = Evidence(measured=measured)
        return explain(self._definition, model.plan, format=format, verbose=verbose, evidence=evidence)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the definition and its parameters to one file; :func:`load` and ``pretzel deploy`` read it.

        A predictor that was loaded takes float32 and sparse input too, but computes in the types that were saved.
        """
        bundle.save(path, self._definition)

    def __repr__(self) -> str:
        """Return the estimator and the methods."""
        estimator = self._definition.metadata.get("estimator", "definition")
        return f"<Predictor of {estimator}: {', '.join(methods_of(self._definition.outputs))}>"


class _Model:
    """One definition, compiled, for one kind of input."""

    def __init__(self, definition: Definition) -> None:
        compiled = compile_plan(optimize(definition))
        self.plan = compiled.plan
        self.executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
        self.metadata = definition.metadata
        self.inputs = [InputDescription(item.name, item.type) for item in self.executable.inputs]
        self.finish = {name: _finisher(out, self.metadata) for name, out in self.executable.outputs.items()}
        self.by_name = definition.metadata.get("input_style") == "frame"
        self.reads_texts = reads_texts = definition.metadata.get("input_style") == "texts"
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
        return self.bound(columns_of(X, self.inputs, self.metadata))

    def bound(self, columns: Mapping[str, Any]) -> tuple[list[Any], int]:
        rows = {name: len(column) for name, column in columns.items()}
        if len(set(rows.values())) > 1:
            raise InputError(f"X: its columns have different numbers of rows: {rows}")
        count = next(iter(rows.values()), 0)
        if count == 0 and self.refuses_nothing:
            raise InputError("X: found 0 samples, while a minimum of 1 is required")
        return [bind_column(item.name, item.type, columns[item.name]) for item in self.inputs], count


class _Models:
    """The models of one predictor: one for the types as they were exported, others when such input first comes."""

    def __init__(self, definition: Definition, reexport: Export | None) -> None:
        self.main = _Model(definition)
        self._reexport = reexport
        self._made: dict[Kind, _Model] = {_AS_SAVED: self.main}
        self._lock = threading.Lock()
        floats = [item for item in self.main.inputs if item.type.is_float and item.type.layout == "dense"]
        self._floats = {item.name: item.type for item in floats} if reexport else {}
        self._types = {item.name: item.type for item in self.main.inputs}

    def bind(self, X: Any) -> tuple[_Model, list[Any], int]:
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

    def _bind_columns(self, columns: Mapping[str, Any]) -> tuple[_Model, list[Any], int]:
        """Take a table column by column; only in columns of pandas does scikit-learn see that they are float32."""
        singles = frozenset(name for name in self._floats if getattr(columns[name], "dtype", None) == np.float32)
        read = {name: _native(columns[name], kind) for name, kind in self._types.items()}
        model = self._of(("dense", singles))
        return model, *model.bound({item.name: _typed(item, read[item.name]) for item in model.inputs})

    def _of(self, kind: Kind) -> _Model:
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

    def _make(self, kind: Kind) -> _Model:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._compile(kind)
            return self._made[kind]

    def _compile(self, kind: Kind) -> _Model:
        assert self._reexport is not None
        layout, singles = kind
        types = {name: ValueType("f32", t.width) if name in singles else t for name, t in self._types.items()}
        if layout == "dense":
            return _Model(self._reexport(_Sample(types)))
        only = next(iter(types.values()))
        try:
            return _Model(self._reexport(_SparseSample(ValueType(only.dtype, only.columns, "sparse"))))
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


class _Method:
    """One method of a predictor; all that does not depend on X is prepared here."""

    __slots__ = ("_dtype", "_finish", "_models", "_name", "_outputs", "_run", "_width")

    def __init__(self, name: str, models: _Models) -> None:
        model = models.main
        self._name, self._outputs, self._models = name, (name,), models
        self._run, self._finish = model.executable.run_bound, model.finish[name]
        only = model.inputs[0].type if len(model.inputs) == 1 else None
        plain = only is not None and only.layout == "dense" and only.dtype == "f64" and only.width is not None
        self._dtype = np.dtype("f8") if plain else None
        self._width = only.columns if only is not None else 0

    def __call__(self, X: Any) -> Any:
        """Return what the estimator's method of this name returns for X.

        Raises:
            InputError: X is not what the estimator takes.
        """
        if type(X) is np.ndarray and X.dtype is self._dtype and X.ndim == 2:
            rows, width = X.shape
            flags = X.flags
            if rows and width == self._width and flags.c_contiguous and flags.aligned:
                return self._finish(self._run([X], rows, self._outputs)[self._name])
        model, bound, rows = self._models.bind(X)
        value = model.executable.run_bound(bound, rows, self._outputs)[self._name]
        return model.finish[self._name](value)


class _Parts:
    """A method that answers for several targets: as many outputs of the model, put together."""

    def __init__(self, name: str, outputs: Sequence[str], models: _Models) -> None:
        self._name, self._outputs, self._models = name, tuple(outputs), models

    def __call__(self, X: Any) -> Any:
        """Return what the estimator's method of this name returns for X.

        Raises:
            InputError: X is not what the estimator takes.
        """
        model, bound, rows = self._models.bind(X)
        values = model.executable.run_bound(bound, rows, self._outputs)
        return put_together(self._name, [model.finish[name](values[name]) for name in self._outputs], self._outputs)


def _method(name: str, models: _Models) -> Callable[[Any], Any]:
    outputs = outputs_of(name, models.main.finish)
    return _Method(name, models) if outputs == [name] else _Parts(name, outputs, models)


def _native(column: Any, kind: ValueType) -> Any:
    """Return a column of a table as texts or as an array of its own numbers."""
    return texts_of(column) if kind.is_text else np.asarray(array_of(column, number=True))


def _typed(item: InputDescription, values: Any) -> Any:
    """Return a column in the type that the model reads."""
    if item.type.is_text:
        return values
    if values.dtype.kind in "biuf":
        return values.astype(item.type.numpy, copy=False)
    return column_of(item.name, values, item.type)


def _finisher(output: Output, metadata: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return what makes the method's result from an output."""
    if output.labels is not None:
        table = _table(output.labels, metadata)
        return lambda labels: _look_up(labels, table)
    if output.type.layout == "dense" and not output.type.is_text:
        return lambda array: array
    return result_of


def _look_up(labels: Labels, table: np.ndarray) -> np.ndarray:
    found: np.ndarray = table[labels.codes]
    return found


def _table(labels: np.ndarray, metadata: Mapping[str, Any]) -> np.ndarray:
    return labels.astype(object) if metadata.get("classes_dtype") == "object" else labels


def _labels(parameter: Parameter) -> np.ndarray:
    return np.array(parameter.texts) if parameter.dtype == "str" else parameter.array
