"""Regressors of a transformed target: the prediction, transformed back to the units of the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import decomposition, preprocessing
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, served_as
from pretzel.importers.sklearn.common.matrices import product, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.preprocessing.functions import applied
from pretzel.importers.sklearn.preprocessing.quantiles import MARGIN
from pretzel.importers.tracing.named_functions import is_traceable
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(TransformedTargetRegressor)
def transformed_target_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The regressor's prediction, through the inverse of the transformer."""
    raw = step.enter("regressor", estimator.regressor_, x)["predict"]
    return {"predict": _shaped(_inverted(estimator.transformer_, raw, step), estimator._training_dim)}


def _inverted(transformer: Any, y: Node, step: Step) -> Node:
    """Return a transformer's ``inverse_transform`` of y."""
    invert = INVERSES.get(served_as(type(transformer)))
    if invert is None:
        remedy = f"use one of {', '.join(kind.__name__ for kind in INVERSES)}"
        raise step.refuse("transformer", f"the inverse of a {type(transformer).__name__} is not served", remedy)
    Step(f"{step.path}.transformer", transformer).check_unchanged()
    finite = ops.RequireFinite(y, type(transformer).__name__, invert not in STRICT)
    return invert(transformer, finite, step)


def _shaped(predicted: Node, dimensions: int) -> Node:
    """Return one value per row if the target was a vector, else columns."""
    if dimensions == 1 and predicted.type.width == 1:
        return ops.Column(predicted, 0)
    if dimensions == 2 and predicted.type.width is None:
        return ops.Concat((predicted,))
    return predicted


def _inverse_function(transformer: Any, y: Node, step: Step) -> Node:
    if is_traceable(transformer.inverse_func):
        from pretzel.importers.tracing.steps import traced  # loads the tracer, which few models need

        inner = step.inner("transformer", transformer)
        matrix = Columns.of(y if y.type.width is not None else ops.Concat((y,)))
        return traced(transformer.inverse_func, "inverse_func", transformer.inv_kw_args, matrix, inner).array()
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
    """Interpolate the quantiles of each column between the ranks; normal values are converted to ranks first."""
    normal = transformer.output_distribution == "normal"
    if normal:
        y = cast(ops.NormalProbability(cast(y, "f64")), y.type.dtype)
    ranks = Parameter.of(np.asarray(transformer.references_, np.float64)[None, :])
    levels = np.ascontiguousarray(np.asarray(transformer.quantiles_, np.float64).T)
    columns = [y] if y.type.columns == 1 else [ops.Column(y, i) for i in range(y.type.columns)]
    inverses = [
        ops.Interpolate(column, ranks, Parameter.of(level), MARGIN if normal else 0.0, upwards=True)
        for column, level in zip(columns, levels, strict=True)
    ]
    return inverses[0] if len(inverses) == 1 else ops.Concat(tuple(inverses))


def _inverse_power(transformer: Any, y: Node, step: Step) -> Node:
    """Invert the standardization, then the power of each column, computed in float64."""
    raw = _inverse_standard(transformer._scaler, y, step) if transformer.standardize else y
    exponents = Parameter.of(np.asarray(transformer.lambdas_, np.float64))
    form = f"inverse_{transformer.method.replace('-', '_')}"
    return cast(ops.Power(cast(raw, "f64"), exponents, form), y.type.dtype)


def _inverse_components(transformer: Any, y: Node, step: Step) -> Node:
    """``X @ components_ + mean_``, the components scaled by the roots of their variances if it whitens."""
    components = transformer.components_
    if getattr(transformer, "whiten", False):
        components = np.sqrt(transformer.explained_variance_)[:, None] * components
    return product(y, components.T, getattr(transformer, "mean_", 0.0))


def _inverse_pipeline(transformer: Any, y: Node, step: Step) -> Node:
    """Invert the steps in reverse order."""
    for _, one in reversed(transformer.steps):
        if one is not None and one != "passthrough":
            y = _inverted(one, y, step)
    return y


def _affine(y: Node, scale: Any, shift: Any, dtype: Any = np.float64) -> Node:
    width = y.type.columns
    parameters = [
        None if value is None else Parameter.of(np.ascontiguousarray(np.broadcast_to(value, width), dtype))
        for value in (scale, shift)
    ]
    return y if parameters == [None, None] else ops.Affine(y, parameters[0] or vector(1.0, width), parameters[1])


INVERSES: dict[type, Callable[[Any, Node, Step], Node]] = {
    decomposition.IncrementalPCA: _inverse_components,
    decomposition.PCA: _inverse_components,
    decomposition.TruncatedSVD: _inverse_components,
    Pipeline: _inverse_pipeline,
    preprocessing.FunctionTransformer: _inverse_function,
    preprocessing.MaxAbsScaler: _inverse_max_abs,
    preprocessing.MinMaxScaler: _inverse_min_max,
    preprocessing.PowerTransformer: _inverse_power,
    preprocessing.QuantileTransformer: _inverse_quantile,
    preprocessing.RobustScaler: _inverse_robust,
    preprocessing.StandardScaler: _inverse_standard,
}
STRICT = (_inverse_function, _inverse_components)
"""Inverses that reject NaN; the others pass it through."""
