"""Dummies: the same answer for every row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import dummy

from pretzel.importers.columns import Columns, Open
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.labels import by_target, labelled, labelled_targets
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(dummy.DummyClassifier)
def dummy_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class, and the probabilities, that the strategy settled on."""
    if estimator._strategy in ("stratified", "uniform"):
        raise step.refuse("strategy", "its answers are random", "choose prior, most_frequent or constant")
    if estimator.sparse_output_:
        raise step.refuse("", "it was fitted on a sparse target, and answers with one", "fit it on a dense target")
    several = estimator.n_outputs_ > 1
    classes, priors = ((made if several else [made]) for made in (estimator.classes_, estimator.class_prior_))
    node, constant = _rows(x), np.ravel(estimator.constant)
    first = ops.Constant(node, Parameter.of(np.zeros(1, np.int64)))
    settled = [_probabilities(estimator._strategy, prior) for prior in priors]
    if estimator._strategy == "constant":
        settled = [np.asarray(table == one, np.float64) for table, one in zip(classes, constant, strict=True)]
    answers = [table[np.argmax(prior)] for table, prior in zip(classes, settled, strict=True)]
    labels = constant if estimator._strategy == "constant" else np.array(answers)
    with np.errstate(divide="ignore"):
        logarithms = [np.log(proba) for proba in settled]
    proba, log_proba = (
        [ops.Constant(node, Parameter.of(row[None, :])) for row in rows] for rows in (settled, logarithms)
    )
    if several:
        predicted = labelled_targets([first] * len(labels), list(labels[:, None]), step)
        return predicted | by_target("predict_proba", proba) | by_target("predict_log_proba", log_proba)
    return {"predict": labelled(first, labels, step), "predict_proba": proba[0], "predict_log_proba": log_proba[0]}


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


def _probabilities(strategy: str, prior: np.ndarray) -> np.ndarray:
    """Return the fractions of the classes, or a one for the most frequent."""
    return prior if strategy == "prior" else np.asarray(np.arange(len(prior)) == np.argmax(prior), np.float64)
