"""Importers of what holds other estimators: pipelines, unions, and transformers of some columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import UnreadableError
from pretzel.importers.registry import Methods, Step, imports, served_as
from pretzel.importers.subclasses import changed
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(Pipeline)
def pipeline(estimator: Pipeline, x: Columns, step: Step) -> Methods:
    """Return the methods of the last step over the transforms of those before it."""
    *before, (name, last) = estimator.steps
    for i, (earlier, transformer) in enumerate(before):
        if not _is_identity(transformer):
            cut = "" if "." in step.path else f"pipeline[{i + 1}:]"
            x = step.columns(earlier, transformer, x, _read(estimator.steps[i + 1][1]), cut)
    return {"transform": x.numbers()} if _is_identity(last) else step.enter(name, last, x)


def _read(following: Any) -> int | None:
    """Return how many columns the next step was fitted on."""
    try:
        return getattr(following, "n_features_in_", None)
    except Exception:  # what a property of a class that is not known may do
        return None


@imports(FeatureUnion)
def feature_union(estimator: FeatureUnion, x: Columns, step: Step) -> Methods:
    """Return the columns of all transformers side by side, each times its weight."""
    weights = estimator.transformer_weights or {}
    parts = [
        _weighted(_transformed(name, transformer, x, step), weights.get(name))
        for name, transformer in estimator.transformer_list
        if not _is_dropped(transformer)
    ]
    return {"transform": _side_by_side(parts, step)}


@imports(ColumnTransformer)
def column_transformer(estimator: ColumnTransformer, x: Columns, step: Step) -> Methods:
    """Return what each transformer makes of its columns, side by side; dense where so few are zero that fit said so."""
    weights = estimator.transformer_weights or {}
    parts = []
    for name, transformer, _ in estimator.transformers_:
        positions = np.asarray(estimator._transformer_to_input_indices[name], np.int64).tolist()
        if positions and not _is_dropped(transformer):
            made = estimator.output_indices_[name]
            part = _transformed(name, transformer, x.select(positions), step, made.stop - made.start)
            parts.append(_weighted(part, weights.get(name)))
    if not estimator.sparse_output_:
        parts = [ops.Densify(part) if part.type.layout == "sparse" else part for part in parts]
    return {"transform": _side_by_side(parts, step)}


def _transformed(name: str, transformer: Any, x: Columns, step: Step, width: int | None = None) -> Node:
    if not _is_identity(transformer):
        return step.transform(name, transformer, x, width)
    try:
        return x.numbers()
    except UnreadableError as error:
        reason, _, remedy = str(error).rpartition("; ")
        raise UnreadableError(f"{name!r} passes columns through that are not numbers: {reason}; {remedy}") from None


def _side_by_side(parts: Sequence[Node], step: Step) -> Node:
    if not parts:
        raise step.refuse("", "it gives no column", "keep at least one transformer")
    if len({part.type.is_text for part in parts}) > 1:
        raise step.refuse(
            "",
            "it puts texts and numbers side by side",
            "encode the texts, or give them to another step",
            about_input=True,
        )
    return parts[0] if len(parts) == 1 else ops.Concat(tuple(parts))


def _weighted(node: Node, weight: float | None) -> Node:
    """Return every value times ``weight``, as NumPy multiplies by a Python number: in float64 unless it is float32."""
    if weight is None:
        return node
    floats = node if node.type.is_float else ops.Cast(node, "f64")
    return ops.Affine(floats, Parameter.of(np.full(floats.type.columns, weight, floats.type.numpy)))


def _is_identity(transformer: Any) -> bool:
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return True
    if served_as(type(transformer)) is not FunctionTransformer or changed(transformer, FunctionTransformer):
        return False
    return transformer.func is None


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
