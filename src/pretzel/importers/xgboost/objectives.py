"""The conversion of margins to predictions: ``PredTransform`` of each XGBoost objective, in float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pretzel.importers.registry import Step
from pretzel.importers.xgboost.model import Model
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LARGEST = 88.7
"""The sigmoid is constant for exponents beyond this one."""


def answered(model: Model, margin: Node, step: Step) -> Node:
    """Return the predictions of ``Booster.predict``, given the margins."""
    transform = OBJECTIVES.get(model.objective)
    if transform is None:
        names = ", ".join(OBJECTIVES)
        raise step.refuse("objective", f"the objective {model.objective!r} is not supported", f"use one of {names}")
    return transform(margin)


def _as_is(x: Node) -> Node:
    return x


def _sigmoid(x: Node) -> Node:
    """Return ``1 / (exp(min(-x, 88.7)) + 1)``; rounding each step to float32 decides the class near one half."""
    width = x.type.columns
    limits = np.full(width, -np.inf, np.float32), np.full(width, LARGEST, np.float32)
    negative = ops.Clip(ops.Elementwise(x, "negative"), Parameter.of(limits[0]), Parameter.of(limits[1]))
    ones = Parameter.of(np.ones(width, np.float32))
    return ops.Elementwise(ops.Affine(ops.Elementwise(negative, "exp"), ones, ones), "reciprocal")


def _hinge(x: Node) -> Node:
    return ops.Cast(ops.Threshold(x), "f32")


def _exp(x: Node) -> Node:
    return ops.Elementwise(x, "exp")


def _softmax(x: Node) -> Node:
    return ops.Link(x, "softmax_in_order")


def _class(x: Node) -> Node:
    """Return the class of the largest margin, as a float."""
    return ops.Cast(ops.ArgMax(x), "f32")


OBJECTIVES: dict[str, Callable[[Node], Node]] = {
    "binary:hinge": _hinge,
    "binary:logistic": _sigmoid,
    "binary:logitraw": _as_is,
    "count:poisson": _exp,
    "multi:softmax": _class,
    "multi:softprob": _softmax,
    "rank:map": _as_is,
    "rank:ndcg": _as_is,
    "rank:pairwise": _as_is,
    "reg:absoluteerror": _as_is,
    "reg:gamma": _exp,
    "reg:linear": _as_is,
    "reg:logistic": _sigmoid,
    "reg:pseudohubererror": _as_is,
    "reg:quantileerror": _as_is,
    "reg:squarederror": _as_is,
    "reg:squaredlogerror": _as_is,
    "reg:tweedie": _exp,
    "survival:aft": _exp,
    "survival:cox": _exp,
}
