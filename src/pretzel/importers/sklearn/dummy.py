"""Dummy estimators: the same answer for every row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import dummy

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import by_target, labelled, labelled_targets
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(dummy.DummyClassifier)
def dummy_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class and the probabilities that the strategy chose."""
    if estimator._strategy in ("stratified", "uniform"):
        raise step.refuse("strategy", "its answers are random", "choose prior, most_frequent or constant")
    if estimator.sparse_output_:
        raise step.refuse("", "it was fitted on a sparse target and returns one", "fit it on a dense target")
    labels, codes, settled = _settled(estimator)
    node = _rows(x)
    chosen = [ops.Constant(node, Parameter.of(np.array([code], np.int64))) for code in codes]
    proba = [_constant(node, one) for one in settled]
    with np.errstate(divide="ignore"):
        log_proba = [_constant(node, np.log(one)) for one in settled]
    if estimator.n_outputs_ > 1:
        predicted = labelled_targets(chosen, labels, step)
        return predicted | by_target("predict_proba", proba) | by_target("predict_log_proba", log_proba)
    return {
        "predict": labelled(chosen[0], labels[0], step),
        "predict_proba": proba[0],
        "predict_log_proba": log_proba[0],
    }


@imports(dummy.DummyRegressor)
def dummy_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The number, or the row of numbers, that the strategy chose."""
    row = np.broadcast_to(estimator.constant_, (1, estimator.n_outputs_))
    row = row[0] if estimator.n_outputs_ == 1 else row
    return {"predict": ops.Constant(_rows(x), Parameter.of(np.ascontiguousarray(row)))}


def _rows(x: Columns) -> Node:
    """Return the first part of the columns, of any type: only its rows are counted."""
    part = x.parts[0]
    return part.settle(x.settled_dtype() or "f64") if isinstance(part, Open) else part


def _constant(x: Node, row: np.ndarray) -> Node:
    return ops.Constant(x, Parameter.of(row[None, :]))


def _settled(estimator: Any) -> tuple[list[np.ndarray], list[int], list[np.ndarray]]:
    """Return the labels of each target, the position of the predicted one, and the probabilities of all."""
    several = estimator.n_outputs_ > 1
    classes, priors = ((values if several else [values]) for values in (estimator.classes_, estimator.class_prior_))
    classes = [np.asarray(table) for table in classes]
    if estimator._strategy == "constant":
        constants = np.ravel(estimator.constant)
        codes = [int(np.flatnonzero(table == one)[0]) for table, one in zip(classes, constants, strict=True)]
        if constants.dtype.kind in "biuf":  # the type of the constant is that of the answer
            classes = [table.astype(constants.dtype) for table in classes]
    else:
        codes = [int(np.argmax(prior)) for prior in priors]
    if estimator._strategy == "prior":
        return classes, codes, priors
    return classes, codes, [np.eye(len(prior))[code] for prior, code in zip(priors, codes, strict=True)]
