"""The conversion of raw scores to predictions: ``ConvertOutput`` of each LightGBM objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pretzel.importers.lightgbm.model import Model
from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

Options = Mapping[str, str]


def answered(model: Model, scores: Node, step: Step) -> Node:
    """Return the predictions of ``Booster.predict``, given the sum of the trees."""
    convert = OBJECTIVES.get(model.objective)
    if convert is None:
        names = ", ".join(name for name in OBJECTIVES if name)
        raise step.refuse("objective", f"the objective {model.objective!r} is not supported", f"use one of {names}")
    rounds = len(model.trees) / model.trees_per_iteration
    return convert(_scaled(scores, rounds) if model.average and rounds else scores, model.options)


def _scaled(x: Node, by: float) -> Node:
    """Return ``x / by``."""
    return ops.Standardize(x, None, Parameter.of(np.full(x.type.columns, by)))


def _as_is(x: Node, options: Options) -> Node:
    return x


def _squared(x: Node, options: Options) -> Node:
    """Return ``sign(x) * x * x`` if the model was trained on square roots (``reg_sqrt``)."""
    if "sqrt" not in options:
        return x
    both = ops.Concat((ops.Elementwise(x, "abs"), x))
    return ops.Column(ops.Products(both, Parameter.of(np.array([[0, 1]], np.int64))), 0)


def _sigmoid(x: Node, options: Options) -> Node:
    slope = float(options.get("sigmoid", "1"))
    if slope != 1:
        x = ops.Affine(x, Parameter.of(np.full(x.type.columns, slope)))
    return ops.Link(x, "sigmoid")


def _softmax(x: Node, options: Options) -> Node:
    return ops.Link(x, "softmax_in_order")


def _exp(x: Node, options: Options) -> Node:
    return ops.Elementwise(x, "exp")


def _log1p_exp(x: Node, options: Options) -> Node:
    return ops.Elementwise(ops.Elementwise(x, "exp"), "log1p")


OBJECTIVES: dict[str, Callable[[Node, Options], Node]] = {
    "": _as_is,
    "binary": _sigmoid,
    "cross_entropy": _sigmoid,
    "cross_entropy_lambda": _log1p_exp,
    "fair": _squared,
    "gamma": _exp,
    "huber": _squared,
    "lambdarank": _as_is,
    "mape": _squared,  # codespell:ignore
    "multiclass": _softmax,
    "multiclassova": _sigmoid,
    "poisson": _exp,
    "quantile": _squared,
    "rank_xendcg": _as_is,
    "regression": _squared,
    "regression_l1": _squared,
    "tweedie": _exp,
}
