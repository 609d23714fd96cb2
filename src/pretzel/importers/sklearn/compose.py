"""Importers of what holds other estimators: pipelines, unions, and transformers of some columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, asks_inner, imports
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(Pipeline)
def pipeline(estimator: Pipeline, x: Columns, step: Step) -> Methods:
    """Return the methods of the last step over the transforms of those before it."""
    *before, (name, last) = estimator.steps
    for earlier, transformer in before:
        if not _is_identity(transformer):
            x = Columns.of(step.transform(earlier, transformer, x))
    return {"transform": x.numbers()} if _is_identity(last) else step.delegate(name, last, x)


@asks_inner(Pipeline)
def last_step(estimator: Pipeline) -> tuple[Any, Callable[[Any], Any]]:
    """Return the last step, and the function of those before it."""
    return estimator.steps[-1][1], estimator[:-1].transform if len(estimator.steps) > 1 else lambda X: X


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
            part = _transformed(name, transformer, x.select(positions), step)
            parts.append(_weighted(part, weights.get(name)))
    if not estimator.sparse_output_:
        parts = [ops.Densify(part) if part.type.layout == "sparse" else part for part in parts]
    return {"transform": _side_by_side(parts, step)}


def _transformed(name: str, transformer: Any, x: Columns, step: Step) -> Node:
    return x.numbers() if _is_identity(transformer) else step.transform(name, transformer, x)


def _side_by_side(parts: Sequence[Node], step: Step) -> Node:
    if not parts:
        raise step.refuse("", "it gives no column", "keep at least one transformer")
    if len({part.type.is_text for part in parts}) > 1:
        raise step.refuse(
            "", "it puts texts and numbers side by side", "encode the texts, or give them to another step"
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
    return type(transformer) is FunctionTransformer and transformer.func is None


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
