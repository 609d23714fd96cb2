"""Dummies: the same answer for every row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import dummy

from pretzel.importers.columns import Columns, Open
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.labels import labelled
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(dummy.DummyClassifier)
def dummy_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class, and the probabilities, that the strategy settled on."""
    if estimator._strategy in ("stratified", "uniform"):
        raise step.refuse("strategy", "its answers are random", "choose prior, most_frequent or constant")
    if estimator.n_outputs_ > 1 or estimator.sparse_output_:
        raise step.refuse("", "it answers with several labels a row", "fit one classifier for each")
    node, proba = _rows(x), _probabilities(estimator)[None, :]
    with np.errstate(divide="ignore"):
        log_proba = np.log(proba)
    answer = estimator.constant if estimator._strategy == "constant" else [estimator.classes_[np.argmax(proba)]]
    first = ops.Constant(node, Parameter.of(np.zeros(1, np.int64)))
    return {
        "predict": labelled(first, np.ravel(answer), step),
        "predict_proba": ops.Constant(node, Parameter.of(proba)),
        "predict_log_proba": ops.Constant(node, Parameter.of(log_proba)),
    }


@imports(dummy.DummyRegressor)
def dummy_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The number, or the row of numbers, that the strategy settled on."""
    row = np.broadcast_to(estimator.constant_, (1, estimator.n_outputs_))
    row = row[0] if estimator.n_outputs_ == 1 else row
    return {"predict": ops.Constant(_rows(x), Parameter.of(np.ascontiguousarray(row)))}


def _rows(x: Columns) -> Node:
    """Return the first part of the columns, whatever it holds: only its rows are counted."""
    part = x.parts[0]
    return part.settle(x.settled_dtype() or "f64") if isinstance(part, Open) else part


def _probabilities(estimator: Any) -> np.ndarray:
    prior: np.ndarray = estimator.class_prior_
    if estimator._strategy == "prior":
        return prior
    certain = (
        estimator.classes_ == np.ravel(estimator.constant)[0]
        if estimator._strategy == "constant"
        else np.arange(len(prior)) == np.argmax(prior)
    )
    return np.asarray(certain, np.float64)
