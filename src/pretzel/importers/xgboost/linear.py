"""XGBoost's linear booster; its float32 sums are reproduced only by adding in its order."""

from __future__ import annotations

import numpy as np

from pretzel.importers.linear_contributions import linear_contributions
from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MOST_FEATURES = 10_000
"""Limit on features that are read: each takes two operators, because products are rounded before they are added."""


def linear(coefficients: np.ndarray, base: np.ndarray, x: Node, step: Step) -> Node:
    """Return bias and base score plus the products, added in order; missing values add 0, infinity is rejected.

    Every output starts from the first base score, as in XGBoost 3.  Source: ``GBLinear::PredictBatchInternal``.
    """
    used = np.flatnonzero(coefficients[:-1].any(axis=1))
    if len(used) > MOST_FEATURES:
        raise step.refuse("booster", f"its linear model reads {len(used)} features", f"use up to {MOST_FEATURES}")
    filled = _filled(x, step)
    start = coefficients[-1] + base[0]
    first = ops.Constant(filled, Parameter.of(start[None] if len(start) > 1 else start))
    return ops.Sum((first, *(_product(filled, int(i), coefficients[i]) for i in used)))


def linear_terms(coefficients: np.ndarray, base: np.ndarray, x: Node, step: Step) -> Methods:
    """Return the products, followed by bias and first base score: one output per score.

    Source: ``GBLinear::PredictContribution``.
    """
    coef, last = np.ascontiguousarray(coefficients[:-1].T), coefficients[-1] + base[0]
    filled = _filled(x, step)
    return linear_contributions(filled, coef if len(coef) > 1 else coef[0], last)


def _filled(x: Node, step: Step) -> Node:
    finite = ops.RequireFinite(x, type(step.estimator).__name__, allow_nan=True)
    return ops.Impute(finite, Parameter.of(np.zeros(x.type.columns, np.float32)))


def _product(x: Node, feature: int, weights: np.ndarray) -> Node:
    """Return one column times its weight for each output."""
    if len(weights) == 1:
        return ops.Affine(ops.Column(x, feature), Parameter.of(weights))
    repeated = ops.Select(x, Parameter.of(np.full(len(weights), feature, np.int64)))
    return ops.Affine(repeated, Parameter.of(weights))
