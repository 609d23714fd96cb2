"""One definition compiled per kind of input: float64, float32, sparse, and integers if their type matters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pretzel import engine
from pretzel.adapters.columns import check_order, input_columns, names_read
from pretzel.adapters.convert import as_texts
from pretzel.adapters.dates import with_ticks
from pretzel.adapters.inputs import NO_ROWS, columns_of, read_by
from pretzel.adapters.integer_functions import reject_integers
from pretzel.adapters.integers import (
    container_of,
    counts_nullable,
    is_uneven,
    may_be_integers,
    whole_type,
)
from pretzel.adapters.kinds import in_native_order, is_foreign, read_as_codes, reject_categories
from pretzel.adapters.layouts import has_layout
from pretzel.adapters.objects import Form, reject_ambiguous_nulls
from pretzel.adapters.readers import reader_of
from pretzel.adapters.rejections import reject_objects, reject_unlike
from pretzel.adapters.sparse import as_stored, reject_sparse_columns
from pretzel.adapters.tables import columns_named, dtypes_of, is_polars, is_sparse
from pretzel.adapters.text_types import reject_text_types
from pretzel.compiler.without import NOTHING, Without
from pretzel.engine.columns import absent_column, bind_column
from pretzel.errors import DefinitionError, InputError, UnsupportedError
from pretzel.importers.inputs import MATRIX
from pretzel.importers.settled import Settled
from pretzel.local.columns import as_objects, native, typed_as
from pretzel.local.integers import disagree, kept_booleans
from pretzel.local.known_layouts import Bound, KnownTables
from pretzel.local.records import records_reader_of
from pretzel.local.refused_types import named_types
from pretzel.local.results import finisher
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from pretzel.plan.multioutput import methods_of
from pretzel.plan.types import DTYPE_NAMES, ValueType, is_small

Export = Callable[[Settled], Definition]
Kind = tuple[str, frozenset[tuple[str, str]], str]
"""The layout of X, the inputs of another type than exported with their types, and the container of integers among them:
``array`` or ``table``."""

BY_POSITION = "by position"
"""In place of a layout: the columns of a table are separate inputs, instead of one matrix."""
_AS_SAVED: Kind = ("dense", frozenset(), "")


class Model:
    """One definition, compiled for one kind of input."""

    def __init__(
        self, definition: Definition, helpers: engine.Helpers | None = None, without: Without = NOTHING
    ) -> None:
        optimized = without.optimized(definition)
        compiled = without.compiled(optimized)
        self.definition, self.plan = definition, compiled.plan
        self.executable = without.loaded(compiled, optimized)
        self.executable.helpers = helpers
        self.described = [InputDescription(item.name, item.type) for item in self.executable.inputs]
        strict = {*definition.metadata.get("in_order", ()), *definition.metadata.get("without_others", ())}
        methods = methods_of(definition.outputs)
        only = methods[0] if strict.issuperset(methods) else ""
        self.inputs, self.metadata = read_by(only, self.described, definition.metadata)
        """The inputs of all methods except those with separate inputs."""
        self.finish = {name: finisher(name, out, self.metadata) for name, out in self.executable.outputs.items()}
        self.by_name = definition.metadata.get("input_style") == "frame"
        self.reads_texts = definition.metadata.get("input_style") == "texts"
        self.by_position = definition.metadata.get("input_style") == "positions"
        self.read_records = records_reader_of(self.metadata, self.inputs)

    def bind(self, X: Any) -> tuple[list[Any], int]:
        """Return the columns of X as the program reads them, and the number of rows.

        Raises:
            InputError: X does not match the model's inputs, or has no rows.
        """
        if self.reads_texts and type(X) is list:
            try:
                return self.bound({self.inputs[0].name: X})  # read in place: packing them would cost more
            except InputError:
                pass  # the general path below accepts X or reports the error
        if self.read_records is not None and type(X) is list and X and (bound := self.read_records(X)):
            return bound
        return self.bound(columns_of(X, self.inputs, self.metadata))

    def bound(self, columns: Mapping[str, Any]) -> tuple[list[Any], int]:
        """Return the columns as the executable takes them, and the number of rows."""
        rows = {name: len(column) for name, column in columns.items()}
        if len(set(rows.values())) > 1:
            raise InputError(f"X: its columns have different numbers of rows: {rows}")
        count = next(iter(rows.values()), 0)
        if count == 0:
            raise InputError(NO_ROWS)
        return [
            bind_column(item.name, item.type, columns[item.name])
            if item.name in columns
            else absent_column(item.name, item.type, count)
            for item in self.described
        ], count


class Models:
    """The models of one predictor: one for the exported types, and others compiled at the first input of their kind."""

    def __init__(
        self,
        definition: Definition,
        reexport: Export | None,
        helpers: engine.Helpers | None = None,
        without: Without = NOTHING,
    ) -> None:
        self.main = Model(definition, helpers, without)
        self._helpers, self._without = helpers, without
        self._reexport = reexport
        self._by_kind: dict[Kind, Model] = {_AS_SAVED: self.main}
        self._lock = threading.Lock()
        floats = [item for item in self.main.inputs if item.type.is_float]
        self._only_sparse = any(item.type.layout == "sparse" for item in floats)
        self._floats = {item.name: item.type for item in floats} if reexport else {}
        self._types = {item.name: item.type for item in self.main.inputs}
        self._rules = definition.metadata.get("integers_read") or {}
        self._checks_types = bool(self._rules or definition.metadata.get("functions"))
        self._checks_types |= bool(definition.metadata.get("float32_unclear"))
        self._digits = frozenset(definition.metadata.get("integers_as_text") or ())
        self._dates: Mapping[str, str] = definition.metadata.get("dates") or {}
        self._forms: Mapping[str, Form] = definition.metadata.get("objects") or {}
        unnamed = not self._in_columns and not definition.metadata.get("feature_names")
        self._checks_entries = unnamed and bool(definition.metadata.get("zeros_apart"))
        reads_tables = definition.metadata.get("input_style") in ("frame", "positions", "matrix")
        self.bind: Callable[[Any], Bound[Model]] = self._bind_table if reads_tables else self._bind
        """Return the model for the types of X, the columns of X as its program reads them, and the number of rows.

        Raises:
            InputError: X does not match the model's inputs, or has no rows.
        """
        self._known = KnownTables[Model](
            self.main, lambda layout, model: reader_of(layout, model.described, model.metadata, self.main.metadata)
        )

    def _bind_table(self, X: Any) -> Bound[Model]:
        """Bind X, a table or not; tables of known layouts are read by their readers."""
        if not has_layout(X):
            return self._bind(X)
        bound = self._known.read(X)
        if bound is None:
            bound = self._bind(X)
            self._known.learn(X, bound)
        return bound

    def _bind(self, X: Any) -> Bound[Model]:
        """Bind X by the general path."""
        columns = columns_named(X, self._types) if self._is_plain(X) else None
        if columns is not None:
            try:
                check_order(X, self.main.metadata)
                reject_sparse_columns(X, self.main.metadata)
                reject_categories(X, self.main.metadata)
                reject_text_types(X, self.main.metadata)
                reject_ambiguous_nulls(X, self.main.metadata)
                return self._bind_columns(with_ticks(columns, self.main.metadata))
            except (InputError, TypeError, ValueError):
                pass  # the general path below accepts X or reports the error
        X = in_native_order(X, self.main.metadata)
        if self._checks_entries:
            X = as_stored(X, self.main.metadata)
        model = self._of(self._kind(X) if self._floats else _AS_SAVED)
        return model, *model.bind(X)

    def _is_plain(self, X: Any) -> bool:
        """Return whether each column of a table is read separately, whatever its numeric type."""
        if read_as_codes(X, self.main.metadata) or (self._checks_types and is_polars(X)):
            return False
        return self.main.by_name and not self._rules.get("table")

    def _bind_columns(self, columns: Mapping[str, Any]) -> tuple[Model, list[Any], int]:
        """Bind a table column by column; scikit-learn recognizes float32 only in pandas columns."""
        reject_unlike(columns, self.main.metadata)
        for name in self.main.metadata.get("functions") or ():
            reject_objects(name, columns[name], self.main.metadata)
            reject_integers(name, columns[name], self.main.metadata)
        dtypes = {name: getattr(column, "dtype", None) for name, column in columns.items()}
        if any(map(is_foreign, dtypes.values())):
            raise InputError("a column is in the other byte order")  # the general path converts or rejects it
        written = {name: as_texts(column) if name in self._digits else column for name, column in columns.items()}
        for name, form in self._forms.items():
            written[name] = as_objects(written[name], self._types[name], form)
        read = {name: native(written[name], kind) for name, kind in self._types.items()}
        model = self._of(("dense", self._singles(dtypes), ""))
        typed = {item.name: typed_as(item, read[item.name], self._forms.get(item.name)) for item in model.inputs}
        return model, *model.bound(typed)

    @property
    def _in_columns(self) -> bool:
        """Return whether each column is an input."""
        return self.main.by_name or self.main.by_position

    def _of(self, kind: Kind) -> Model:
        return self._by_kind.get(kind) or self._make(kind)

    def _kind(self, X: Any) -> Kind:
        whole = self._whole(X) if self._rules else frozenset()
        if columns := self._uneven(X):
            return BY_POSITION, columns, ""
        layout = "sparse" if is_sparse(X) and not (self._in_columns or whole or self._only_sparse) else "dense"
        return layout, self._singles(self._dtypes(X)) | whole, container_of(X) if whole else ""

    def _uneven(self, X: Any) -> frozenset[tuple[str, str]]:
        """Return the column types of a table for a matrix, if float32 matters there or for functions."""
        if self._in_columns or not hasattr(X, "columns") or not is_uneven(X):
            return frozenset()
        kinds = dict(zip(map(str, range(len(X.columns))), dtypes_of(X), strict=True))
        counts = self.main.metadata.get("functions") or any(map(is_small, kinds.values()))
        if np.float32 not in kinds.values() or not counts:
            return frozenset()
        narrow = {name: kind for name, kind in kinds.items() if kind == np.float32 or is_small(kind)}
        return frozenset((name, DTYPE_NAMES[kind]) for name, kind in narrow.items())

    def _singles(self, dtypes: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
        """Return the inputs of float32, and the small integers among them, which NumPy also converts to float32."""
        singles = {(name, "f32") for name, kind in dtypes.items() if name in self._floats and kind == np.float32}
        if singles and len(singles) < len(self._floats):
            singles |= {(name, DTYPE_NAMES[dtypes[name]]) for name in self._floats if is_small(dtypes.get(name))}
        return frozenset(singles)

    def _whole(self, X: Any) -> frozenset[tuple[str, str]]:
        """Return the inputs that hold integers and their types, if the answer depends on them."""
        rules = [rule for rule in self._rules.get(container_of(X)) or () if rule["how"] not in ("round", "within")]
        if is_sparse(X):  # only steps that keep results in the type of X read these as integers
            rules = [rule for rule in rules if rule.get("strict") and not self._in_columns]
        doubtful = any(rule.get("doubtful") for rule in rules)
        if not rules or not self._floats or is_polars(X) or doubtful:
            return frozenset()
        columns = input_columns(X, self.main.inputs, self.main.metadata)
        kept = kept_booleans(rules, columns)
        rules = [rule for rule in rules if not any(may_be_integers(rule, columns[name]) for name in rule["inputs"])]
        groups = {name: [rule for rule in rules if name in rule["inputs"]] for rule in rules for name in rule["inputs"]}
        if any(disagree(columns[name], rules) for name, rules in groups.items()):
            return frozenset()  # the rules then reject these integers
        types = {
            name: whole_type(columns[name], nullable=any(map(counts_nullable, rules)))
            for name, rules in groups.items()
            if not is_uneven(columns[name])
        }
        types |= kept
        return frozenset((name, DTYPE_NAMES[kind]) for name, kind in types.items() if kind is not None)

    def _dtypes(self, X: Any) -> Mapping[str, Any]:
        """Return the element types of the inputs."""
        if not is_sparse(X) and hasattr(X, "columns") and hasattr(type(X), "dtypes"):
            if self.main.by_name:
                return dict(zip(names_read(X, list(self._types), self.main.metadata), dtypes_of(X), strict=False))
            types = dict(zip(map(str, range(len(X.columns))), dtypes_of(X), strict=True))
            if self.main.by_position:
                return types
            return dict.fromkeys(self._floats, np.float32 if all(t == np.float32 for t in types.values()) else None)
        return dict.fromkeys(self._floats, getattr(X, "dtype", None))

    def _make(self, kind: Kind) -> Model:
        with self._lock:
            if kind not in self._by_kind:
                with named_types(kind[1]):
                    self._by_kind[kind] = self._compile(kind)
            return self._by_kind[kind]

    def _model(self, settled: Settled) -> Model:
        assert self._reexport is not None
        return Model(self._reexport(settled), self._helpers, self._without)

    def _compile(self, kind: Kind) -> Model:
        layout, others, container = kind
        if layout == BY_POSITION:
            columns = {name: ValueType(dtype) for name, dtype in others}
            return self._model(Settled(columns, by_position=True, frame=True, dates=self._dates))
        types = dict(self._types)
        types |= {name: ValueType(dtype, types[name].width, types[name].layout) for name, dtype in others}
        only = next(iter(types.values()))
        if layout == "dense":
            settled = types if self._in_columns else {MATRIX: only}
            frame = container == "table" if container else None
            by_position = self.main.by_position
            return self._model(Settled(settled, by_position=by_position, frame=frame, dates=self._dates))
        try:
            return self._model(Settled({MATRIX: ValueType(only.dtype, only.columns, "sparse")}))
        except (DefinitionError, UnsupportedError):
            # An operator reads only dense rows, so the matrix is converted to dense instead.
            dense: Kind = ("dense", others, container)
            return self._by_kind.get(dense) or self._compile(dense)
