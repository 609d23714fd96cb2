"""Importers of scalers and of the row normalizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn
from sklearn import preprocessing

from pretzel.importers.columns import Columns
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import divides
from pretzel.importers.sklearn.common.directions import divides_rounded
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(preprocessing.Normalizer, alike=True)
widens(
    preprocessing.MaxAbsScaler,
    preprocessing.MinMaxScaler,
    preprocessing.Normalizer,
    preprocessing.RobustScaler,
    preprocessing.StandardScaler,
)

_VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


@imports(preprocessing.StandardScaler)
def standard_scaler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``(X - mean_) / scale_``; since 1.8 both are first converted to the type of X."""
    node = checked(x, estimator, allow_nan=True)
    mean = estimator.mean_ if estimator.with_mean else None
    if is_sparse(node):
        if estimator.with_mean:
            raise step.refuse("with_mean", "sparse rows cannot be centered", "use with_mean=False, or dense input")
        return {"transform": _divided_sparse(node, estimator.scale_)}
    scale = estimator.scale_ if estimator.with_std else None
    return {"transform": _standardized(node, mean, scale, convert=_VERSION >= (1, 8))}


@imports(preprocessing.RobustScaler)
def robust_scaler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``(X - center_) / scale_``; sparse rows are not centered."""
    node = checked(x, estimator, allow_nan=True)
    scale = estimator.scale_ if estimator.with_scaling else None
    if estimator.with_centering and np.any(estimator.center_):  # dense rows are centered, even if sent for sparse ones
        step.tells_zeros_apart(x)
    if is_sparse(node):
        return {"transform": _divided_sparse(node, scale)}
    return {"transform": _standardized(node, estimator.center_ if estimator.with_centering else None, scale)}


@imports(preprocessing.MaxAbsScaler)
def max_abs_scaler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X / scale_``, clipped to -1..1 if ``clip`` is set."""
    node = checked(x, estimator, allow_nan=True)
    clip = getattr(estimator, "clip", False)
    if is_sparse(node):
        if clip:
            raise step.refuse("clip", "sparse rows are not clipped yet", "use clip=False, or dense input")
        return {"transform": _divided_sparse(node, estimator.scale_)}
    scaled = _standardized(node, None, estimator.scale_)
    return {"transform": _clipped(scaled, -1.0, 1.0) if clip else scaled}


@imports(preprocessing.MinMaxScaler)
def min_max_scaler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X * scale_ + min_``, clipped to ``feature_range`` if ``clip`` is set."""
    node = checked(x, estimator, allow_nan=True)
    width = node.type.columns
    scaled = ops.Affine(node, vector(estimator.scale_, width), vector(estimator.min_, width))
    return {"transform": _clipped(scaled, *estimator.feature_range) if estimator.clip else scaled}


@imports(preprocessing.Normalizer)
def normalizer(estimator: Any, x: Columns, step: Step) -> Methods:
    """Each row divided by its norm."""
    return {"transform": ops.Normalize(checked(x, estimator), estimator.norm)}


def _standardized(x: Node, mean: Any, scale: Any, *, convert: bool = False) -> Node:
    moments = [None if value is None else _typed(vector(value, x.type.columns), x, convert) for value in (mean, scale)]
    return x if moments == [None, None] else ops.Standardize(x, *moments)


def _typed(parameter: Parameter, x: Node, convert: bool) -> Parameter:
    if not convert or parameter.dtype == x.type.dtype:
        return parameter
    return Parameter.of(parameter.array.astype(x.type.numpy))


def _divided_sparse(x: Node, scale: Any) -> Node:
    """``inplace_column_scale(X, 1 / scale)``."""
    return x if scale is None else ops.Affine(x, vector(1.0 / np.asarray(scale), x.type.columns))


def _clipped(x: Node, low: float, high: float) -> Node:
    return ops.Clip(x, vector(low, x.type.columns), vector(high, x.type.columns))


@divides(preprocessing.StandardScaler)
def _standardizes(model: Any, rounded: bool) -> float:
    if model.scale_ is None:
        return 0.0
    mean = 0.0 if model.mean_ is None else np.abs(model.mean_)
    return divides_rounded(mean + model.scale_, model.scale_, rounded)


@divides(preprocessing.RobustScaler)
def _scales_by_quartiles(model: Any, rounded: bool) -> float:
    if not model.with_scaling:
        return 0.0
    center = np.abs(model.center_) if model.with_centering else 0.0
    return divides_rounded(center + model.scale_, model.scale_, rounded)


@divides(preprocessing.MinMaxScaler)
def _scales_by_range(model: Any, rounded: bool) -> float:
    return divides_rounded(np.maximum(np.abs(model.data_min_), np.abs(model.data_max_)), model.data_range_, rounded)


@divides(preprocessing.MaxAbsScaler)
def _scales_by_size(model: Any, rounded: bool) -> float:
    return divides_rounded(model.max_abs_, model.max_abs_, rounded)
