"""Regressors of a transformed target: the prediction, transformed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import preprocessing
from sklearn.compose import TransformedTargetRegressor

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.functions import applied
from pretzel.importers.sklearn.matrices import vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(TransformedTargetRegressor)
def transformed_target_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """What the regressor predicts, through the inverse of the transformer."""
    raw = step.enter("regressor", estimator.regressor_, x)["predict"]
    transformer = estimator.transformer_
    invert = INVERSES.get(type(transformer))
    if invert is None:
        remedy = f"use one of {', '.join(kind.__name__ for kind in INVERSES)}"
        raise step.refuse("transformer", f"the inverse of a {type(transformer).__name__} is not served", remedy)
    finite = ops.RequireFinite(raw, type(transformer).__name__, invert is not _inverse_function)
    return {"predict": _shaped(invert(transformer, finite, step), estimator._training_dim)}


def _shaped(predicted: Node, dimensions: int) -> Node:
    """Return one value a row where the target was a vector, else columns."""
    if dimensions == 1 and predicted.type.width == 1:
        return ops.Column(predicted, 0)
    if dimensions == 2 and predicted.type.width is None:
        return ops.Concat((predicted,))
    return predicted


def _inverse_function(transformer: Any, y: Node, step: Step) -> Node:
    return applied(transformer.inverse_func, "inverse_func", transformer.inv_kw_args, "inv_kw_args", y, step)


def _inverse_standard(transformer: Any, y: Node, step: Step) -> Node:
    """``X * scale_ + mean_``, both in the type of X."""
    shift = transformer.mean_ if transformer.with_mean else None
    return _affine(y, transformer.scale_, shift, y.type.numpy)


def _inverse_robust(transformer: Any, y: Node, step: Step) -> Node:
    scale = transformer.scale_ if transformer.with_scaling else None
    return _affine(y, scale, transformer.center_ if transformer.with_centering else None)


def _inverse_max_abs(transformer: Any, y: Node, step: Step) -> Node:
    return _affine(y, transformer.scale_, None)


def _inverse_min_max(transformer: Any, y: Node, step: Step) -> Node:
    """``(X - min_) / scale_``."""
    width = y.type.columns
    return ops.Standardize(y, vector(transformer.min_, width), vector(transformer.scale_, width))


def _inverse_quantile(transformer: Any, y: Node, step: Step) -> Node:
    """Interpolate the quantiles between the ranks."""
    if transformer.output_distribution != "uniform" or y.type.columns != 1:
        remedy = 'use output_distribution="uniform" and one target'
        raise step.refuse("transformer", "of quantiles, only the inverse of one uniform column is served", remedy)
    ranks, levels = np.asarray(transformer.references_, np.float64), np.asarray(transformer.quantiles_, np.float64)
    return ops.Interpolate(y, Parameter.of(ranks[None, :]), Parameter.of(np.ascontiguousarray(levels[:, 0])))


def _affine(y: Node, scale: Any, shift: Any, dtype: Any = np.float64) -> Node:
    width = y.type.columns
    made = [
        None if value is None else Parameter.of(np.ascontiguousarray(np.broadcast_to(value, width), dtype))
        for value in (scale, shift)
    ]
    return y if made == [None, None] else ops.Affine(y, made[0] or vector(1.0, width), made[1])


INVERSES: dict[type, Callable[[Any, Node, Step], Node]] = {
    preprocessing.FunctionTransformer: _inverse_function,
    preprocessing.MaxAbsScaler: _inverse_max_abs,
    preprocessing.MinMaxScaler: _inverse_min_max,
    preprocessing.QuantileTransformer: _inverse_quantile,
    preprocessing.RobustScaler: _inverse_robust,
    preprocessing.StandardScaler: _inverse_standard,
}
