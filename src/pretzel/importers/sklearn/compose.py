"""Importers of what holds other estimators: pipelines, unions, and transformers of some columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from pretzel.importers.answers import asks_inner
from pretzel.importers.columns import Columns, Part
from pretzel.importers.registry import Methods, Step, imports, served_as
from pretzel.importers.sklearn.handing import gives_pandas, hand_on, hands_on
from pretzel.importers.sklearn.integers import multiplied_by_integer
from pretzel.importers.subclasses import changed
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(Pipeline)
def pipeline(estimator: Pipeline, x: Columns, step: Step) -> Methods:
    """Return the methods of the last step over the transforms of those before it."""
    *before, (name, last) = estimator.steps
    for i, (earlier, transformer) in enumerate(before):
        cut = "" if "." in step.path else f"pipeline[{i + 1}:]"
        x = _handed_on(earlier, transformer, x, step, _read(estimator.steps[i + 1][1]), cut)
    if not _is_identity(last):
        return step.delegate(name, last, x)
    step.inputs.tells_integers = True
    return {"transform": x.array()}


@asks_inner(Pipeline)
def last_step(estimator: Pipeline) -> tuple[Any, Callable[[Any], Any]]:
    """Return the last step, and the function of those before it."""
    *before, (_, last) = estimator.steps
    # not estimator[:-1], which calls a constructor that a subclass may have changed
    return last, Pipeline(before).transform if before else lambda X: X


@hands_on(Pipeline)
def handed_on_by_pipeline(estimator: Pipeline, x: Columns, step: Step) -> Columns:
    """Return what the last step hands on."""
    for name, transformer in estimator.steps:
        x = _handed_on(name, transformer, x, step)
    return x


def _read(following: Any) -> int | None:
    """Return how many columns the next step was fitted on."""
    try:
        return getattr(following, "n_features_in_", None)
    except Exception:  # what a property of a class that is not known may do
        return None


@imports(FeatureUnion)
def feature_union(estimator: FeatureUnion, x: Columns, step: Step) -> Methods:
    """Return the columns of all transformers side by side, each times its weight."""
    step.inputs.tells_integers = True
    return {"transform": _whole(handed_on_by_union(estimator, x, step), step)}


@hands_on(FeatureUnion)
def handed_on_by_union(estimator: FeatureUnion, x: Columns, step: Step) -> Columns:
    """Return the columns of all transformers: a matrix, or where all give tables of pandas, a table."""
    weights = estimator.transformer_weights or {}
    parts = [
        _weighted(_handed_on(name, transformer, x, step), weights.get(name), step)
        for name, transformer in estimator.transformer_list
        if not _is_dropped(transformer)
    ]
    return _stacked(estimator, parts, step)


@imports(ColumnTransformer)
def column_transformer(estimator: ColumnTransformer, x: Columns, step: Step) -> Methods:
    """Return what each transformer makes of its columns, side by side; dense where so few are zero that fit said so."""
    step.inputs.tells_integers = True
    return {"transform": _whole(handed_on_by_columns(estimator, x, step), step)}


@hands_on(ColumnTransformer)
def handed_on_by_columns(estimator: ColumnTransformer, x: Columns, step: Step) -> Columns:
    """Return the columns of all transformers: a matrix, or where all give tables of pandas, a table."""
    weights = estimator.transformer_weights or {}
    parts, names = [], []
    for name, transformer, _ in estimator.transformers_:
        positions = np.asarray(estimator._transformer_to_input_indices[name], np.int64).tolist()
        if positions and not _is_dropped(transformer):
            made = estimator.output_indices_[name]
            part = _handed_on(name, transformer, x.select(positions), step, made.stop - made.start)
            parts.append(_weighted(part, weights.get(name), step))
            names.append(name)
    if not estimator.sparse_output_:
        parts = [_without_entries(part) for part in parts]
    return _stacked(estimator, parts, step, names)


def _handed_on(name: str, transformer: Any, x: Columns, step: Step, width: int | None = None, cut: str = "") -> Columns:
    return x if _is_identity(transformer) else hand_on(name, transformer, x, step, width, cut)


def _stacked(estimator: Any, parts: Sequence[Columns], step: Step, names: Sequence[str] = ()) -> Columns:
    """Return the columns of all parts, which ``names`` made: of tables as they are, else as one matrix."""
    pandas = gives_pandas(estimator)
    if pandas and parts and all(part.frame for part in parts):
        return Columns.side_by_side(parts, frame=True)
    made = _side_by_side([_whole(part, step) for part in parts], step, names)
    if len(parts) > 1:  # of a table NumPy makes objects, or integers where its columns are of one type
        step.inputs.unclear.append(made)
    return Columns((made,), frame=pandas)


def _whole(columns: Columns, step: Step) -> Node:
    return _side_by_side(columns.settled(), step)


def _without_entries(columns: Columns) -> Columns:
    """Return columns written out where they are sparse: a zero is then a zero, whether it was stored or not."""
    if columns.is_sparse:
        columns = Columns(tuple(columns.settled()), columns.names, columns.frame)
    return Columns(tuple(map(_dense, columns.parts)), columns.names, columns.frame)


def _dense(part: Part) -> Part:
    return ops.Densify(part) if isinstance(part, Node) and part.type.layout == "sparse" else part


def _side_by_side(parts: Sequence[Node], step: Step, names: Sequence[str] = ()) -> Node:
    if not parts:
        raise step.refuse("", "it gives no column", "keep at least one transformer")
    if len({part.type.is_text for part in parts}) > 1:
        texts = [repr(name) for name, part in zip(names, parts, strict=False) if part.type.is_text]
        whose = f" ({', '.join(texts)} hands on texts)" if texts else ""
        remedy = "encode the texts, or give them to another step"
        raise step.refuse("", f"it puts texts and numbers side by side{whose}", remedy, about_input=True)
    return parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))


def _weighted(x: Columns, weight: float | None, step: Step) -> Columns:
    """Return every value times ``weight``, as NumPy multiplies by a Python number.

    In float64 unless x is float32; integers times an integer stay what they are, and wrap.
    """
    if weight is None:
        return x
    parts = x.settled() if x.frame else [x.array()]
    return Columns(tuple(_times(part, weight, step, by_column=x.frame) for part in parts), frame=x.frame)


def _times(x: Node, weight: float, step: Step, *, by_column: bool) -> Node:
    if isinstance(weight, int) and not x.type.is_float and not x.type.is_text and x.type.layout == "dense":
        return multiplied_by_integer(x, weight, step, by_column=by_column)
    floats = Columns.of(x).numbers()
    return ops.Affine(floats, Parameter.of(np.full(floats.type.columns, weight, floats.type.numpy)))


def _is_identity(transformer: Any) -> bool:
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return True
    if served_as(type(transformer)) is not FunctionTransformer or changed(transformer, FunctionTransformer):
        return False
    return transformer.func is None and not transformer.validate and transformer.feature_names_out is None


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
