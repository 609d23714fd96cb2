"""Importers of pipelines, feature unions and column transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import zip_longest
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._set_output import _auto_wrap_is_configured

from pretzel.importers.answers import asks_inner
from pretzel.importers.columns import Columns, Part
from pretzel.importers.inputs import Open
from pretzel.importers.polars_float32 import contains
from pretzel.importers.registry import Methods, Step, imports, served_as
from pretzel.importers.sklearn.common.handing import (
    READ_AS_GIVEN,
    form_given,
    gives_pandas,
    hand_on,
    hands_on,
    reads_as_given,
)
from pretzel.importers.sklearn.common.integers import multiplied, note_reader
from pretzel.importers.small_integers import FITTED_ARRAYS
from pretzel.importers.subclasses import changed
from pretzel.plan import ops
from pretzel.plan.node import Node

contains(ColumnTransformer, FeatureUnion, Pipeline)
reads_as_given(ColumnTransformer, FeatureUnion, Pipeline)


@imports(Pipeline)
def pipeline(estimator: Pipeline, x: Columns, step: Step) -> Methods:
    """Return the methods of the last step over the transforms of those before it."""
    *before, (name, last) = estimator.steps
    for i, (earlier, transformer) in enumerate(before):
        cut = "" if "." in step.path else f"pipeline[{i + 1}:]"
        following = estimator.steps[i + 1][1]
        step.inputs.followed = (f"{step.path}.{earlier}", following)
        columns = _handed_on(earlier, transformer, x, step, _read(following), cut)
        x = _between(_giver(estimator.steps[: i + 1]), _reader(estimator.steps[i + 1 :]), columns)
    if not _is_identity(last):
        return step.delegate(name, last, x)
    step.inputs.tells_integers = True
    _note_further(x, step)
    return {"transform": x.array()}


def _note_further(x: Columns, step: Step) -> None:
    """Record that a result has values for further columns of a table in the library."""
    if x.further:
        step.inputs.metadata["others"] = "refused"


@asks_inner(Pipeline)
def last_step(estimator: Pipeline) -> tuple[Any, Callable[[Any], Any]]:
    """Return the last step, and the transform of the steps before it."""
    *before, (_, last) = estimator.steps
    acting = [one for _, one in before if one is not None and not isinstance(one, str)]
    # not estimator[:-1], which calls a constructor that a subclass may override, and rejects steps without a state
    return last, lambda X: reduce(lambda given, one: one.transform(given), acting, X)


@hands_on(Pipeline)
def handed_on_by_pipeline(estimator: Pipeline, x: Columns, step: Step) -> Columns:
    """Return the columns that the last step passes on."""
    following = [transformer for _, transformer in estimator.steps[1:]]
    for i, ((name, transformer), after) in enumerate(zip_longest(estimator.steps, following)):
        step.inputs.followed = (f"{step.path}.{name}", after)
        x = _handed_on(name, transformer, x, step)
        rest = estimator.steps[i + 1 :]
        x = _between(_giver(estimator.steps[: i + 1]), _reader(rest), x) if rest else x
    return x


def _between(transformer: Any, following: Any, x: Columns) -> Columns:
    """Return the columns that the following step reads: scikit-learn converts float32 in a polars table to float64.

    LightGBM reads integers of such a table like those of a pandas table.
    """
    reads_in_own_type = served_as(type(following)) in FITTED_ARRAYS  # first, because it loads the importers
    as_is = reads_in_own_type or isinstance(following, (str, *READ_AS_GIVEN))
    if as_is or not _gives_polars(transformer):
        return x
    if isinstance(following, SimpleImputer) and following.strategy in ("most_frequent", "constant"):
        return x
    nodes = [ops.Cast(part, "f64") if isinstance(part, Node) and part.type.dtype == "f32" else part for part in x.parts]
    return Columns(tuple(nodes), x.names, frame=True)


def _giver(steps: Sequence[tuple[str, Any]]) -> Any:
    """Return the last of these steps that does not just pass its input on, inside inner pipelines too."""
    for i, (_, transformer) in reversed([*enumerate(steps)]):
        if served_as(type(transformer)) is Pipeline:
            return _giver([*steps[:i], *transformer.steps])
        if not _is_identity(transformer):
            return transformer
    return "passthrough"


def _reader(steps: Sequence[tuple[str, Any]]) -> Any:
    """Return the first of these steps that does not just pass its input on, inside inner pipelines too."""
    for i, (_, transformer) in enumerate(steps):
        if served_as(type(transformer)) is Pipeline:
            return _reader([*transformer.steps, *steps[i + 1 :]])
        if not _is_identity(transformer):
            return transformer
    return "passthrough"


def _read(following: Any) -> int | None:
    """Return the number of columns that the next step was fitted on."""
    try:
        return getattr(following, "n_features_in_", None)
    except Exception:  # a property of an unknown class may raise anything
        return None


@imports(FeatureUnion)
def feature_union(estimator: FeatureUnion, x: Columns, step: Step) -> Methods:
    """Return the columns of all transformers concatenated, each times its weight."""
    step.inputs.tells_integers = True
    columns = handed_on_by_union(estimator, x, step)
    _note_further(columns, step)
    return {"transform": _whole(columns, step)}


@hands_on(FeatureUnion)
def handed_on_by_union(estimator: FeatureUnion, x: Columns, step: Step) -> Columns:
    """Return the columns of all transformers: a table if all return pandas tables, else a matrix."""
    weights = estimator.transformer_weights or {}
    parts = [
        _weighted(_handed_on(name, transformer, x, step), weights.get(name), step, polars=_gives_polars(transformer))
        for name, transformer in estimator.transformer_list
        if not _is_dropped(transformer)
    ]
    return replace(_stacked(estimator, parts, step), further=any(part.further for part in parts))


@imports(ColumnTransformer)
def column_transformer(estimator: ColumnTransformer, x: Columns, step: Step) -> Methods:
    """Return the outputs of all transformers concatenated; dense if ``fit`` chose so because few values are zero."""
    step.inputs.tells_integers = True
    return {"transform": _whole(handed_on_by_columns(estimator, x, step), step)}


@hands_on(ColumnTransformer)
def handed_on_by_columns(estimator: ColumnTransformer, x: Columns, step: Step) -> Columns:
    """Return the columns of all transformers: a table if all return pandas tables, else a matrix."""
    weights = estimator.transformer_weights or {}
    parts, names = [], []
    for name, transformer, _ in estimator.transformers_:
        positions = np.asarray(estimator._transformer_to_input_indices[name], np.int64).tolist()
        if positions and not _is_dropped(transformer):
            columns = estimator.output_indices_[name]
            part = _handed_on(name, transformer, x.select(positions), step, columns.stop - columns.start)
            if _passes(transformer) and not gives_pandas(estimator):
                _require_values(part, step)
            polars = _gives_polars(estimator if isinstance(transformer, str) else transformer)
            parts.append(_weighted(part, weights.get(name), step, polars=polars))
            names.append(name)
    if parts and not estimator.sparse_output_:  # the attribute is missing if all are dropped
        parts = [_without_entries(part) for part in parts]
    return _stacked(estimator, parts, step, names)


def _passes(transformer: Any) -> bool:
    """Return whether a transformer returns its columns unchanged, as the one that replaces ``passthrough`` does."""
    return isinstance(transformer, (str, FunctionTransformer)) and not (
        getattr(transformer, "func", None) or getattr(transformer, "validate", False)
    )


def _require_values(passed: Columns, step: Step) -> None:
    """Record for clients that the library rejects pandas' NA in columns that it passes into an array."""
    names = {part.name for part in passed.parts if isinstance(part, Open) and part.width is None}
    known = step.inputs.metadata.get("without_na", ())
    if names:
        step.inputs.metadata["without_na"] = sorted({*known, *names})


def _handed_on(name: str, transformer: Any, x: Columns, step: Step, width: int | None = None, cut: str = "") -> Columns:
    return x if _is_identity(transformer) else hand_on(name, transformer, x, step, width, cut)


def _stacked(estimator: Any, parts: Sequence[Columns], step: Step, names: Sequence[str] = ()) -> Columns:
    """Return the columns of all parts, made by the transformers ``names``: a table if all are tables, else a matrix."""
    pandas = gives_pandas(estimator)
    if pandas and parts and all(part.frame for part in parts):
        return Columns.side_by_side(parts, frame=True)
    matrix = _side_by_side([_whole(part, step) for part in parts], step, names)
    if len(parts) > 1:  # NumPy converts a table to objects, or to integers if its columns have one type
        step.inputs.unclear.append(matrix)
    return Columns((matrix,), frame=pandas)


def _whole(columns: Columns, step: Step) -> Node:
    return _side_by_side(columns.settled(), step)


def _without_entries(columns: Columns) -> Columns:
    """Return dense columns in place of sparse ones, where stored and absent zeros are the same."""
    if columns.is_sparse:
        columns = Columns(tuple(columns.settled()), columns.names, columns.frame)
    return Columns(tuple(map(_dense, columns.parts)), columns.names, columns.frame)


def _dense(part: Part) -> Part:
    return ops.Densify(part) if isinstance(part, Node) and part.type.layout == "sparse" else part


def _side_by_side(parts: Sequence[Node], step: Step, names: Sequence[str] = ()) -> Node:
    if not parts:
        raise step.refuse("", "it returns no column", "keep at least one transformer")
    if len({part.type.is_text for part in parts}) > 1:
        texts = [repr(name) for name, part in zip(names, parts, strict=False) if part.type.is_text]
        whose = f" ({', '.join(texts)} returns texts)" if texts else ""
        remedy = "encode the texts, or pass them to another step"
        raise step.refuse("", f"it concatenates texts and numbers{whose}", remedy, about_input=True)
    return parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))


def _weighted(x: Columns, weight: Any, step: Step, *, polars: bool) -> Columns:
    """Return every value times ``weight``, as NumPy multiplies by a Python number or a NumPy scalar.

    Integers times an integer stay integers, and wrap; ``polars`` has different rules.
    """
    if weight is None:
        return x
    note_reader(x, "transformer_weights", "", by_column=True)
    parts = x.settled() if x.frame else [x.array()]
    products = tuple(multiplied(part, weight, step, by_column=x.frame, polars=polars) for part in parts)
    return Columns(products, frame=x.frame)


def _gives_polars(transformer: Any) -> bool:
    if isinstance(transformer, str) or not _auto_wrap_is_configured(transformer):
        return False
    return form_given(transformer) == "polars"


def _is_identity(transformer: Any) -> bool:
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return True
    if served_as(type(transformer)) is not FunctionTransformer or changed(transformer, FunctionTransformer):
        return False
    return transformer.func is None and not transformer.validate and transformer.feature_names_out is None


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
