"""Cross-validated choices: the best estimator of a search, and classifiers with a chosen threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import model_selection
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV, HalvingRandomSearchCV

from pretzel.importers.answers import asks_inner
from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node

DELEGATED = ("predict_proba", "predict_log_proba", "decision_function")


@imports(
    model_selection.GridSearchCV,
    model_selection.RandomizedSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
)
def search(estimator: Any, x: Columns, step: Step) -> Methods:
    """The methods of the best estimator."""
    if not estimator.refit:
        raise step.refuse("refit", "none was refitted", "fit it with refit=True, or export the estimator you chose")
    return step.delegate("best_estimator", estimator.best_estimator_, x)


@asks_inner(
    model_selection.GridSearchCV,
    model_selection.RandomizedSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
)
def best_estimator(estimator: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the best estimator, which reads X itself."""
    return estimator.best_estimator_, lambda X: X


@imports(model_selection.FixedThresholdClassifier)
def fixed_threshold(estimator: Any, x: Columns, step: Step) -> Methods:
    """The labels by the given threshold, or by the default one of the method that is compared."""
    inner = getattr(estimator, "estimator_", estimator.estimator)
    threshold = estimator.threshold
    if threshold == "auto":
        threshold = 0.5 if _response(estimator, inner) == "predict_proba" else 0.0
    return _thresholded(estimator, inner, threshold, estimator.pos_label, x, step)


@imports(model_selection.TunedThresholdClassifierCV)
def tuned_threshold(estimator: Any, x: Columns, step: Step) -> Methods:
    """The labels by the tuned threshold."""
    positive = estimator._curve_scorer._get_pos_label()
    return _thresholded(estimator, estimator.estimator_, estimator.best_threshold_, positive, x, step)


def _thresholded(estimator: Any, inner: Any, threshold: Any, positive: Any, x: Columns, step: Step) -> Methods:
    """Return the positive label where its score is at least ``threshold``, else the other."""
    methods = step.enter("estimator", inner, x)
    classes = np.asarray(inner.classes_)
    place = 1 if positive is None else int(np.flatnonzero(classes == positive)[0])
    score = _score(methods, _response(estimator, inner), place)
    value = as_compared(threshold, score.type.numpy)
    reached: Node = ops.Threshold(score, value, inclusive=True)
    labels = classes[[1 - place, place]]
    delegated = {name: methods[name] for name in DELEGATED if name in methods}
    return delegated | {"predict": labelled(reached, labels, step)}


def _response(estimator: Any, inner: Any) -> str:
    if estimator.response_method != "auto":
        return str(estimator.response_method)
    return "predict_proba" if hasattr(inner, "predict_proba") else "decision_function"


def _score(methods: Methods, response: str, place: int) -> Node:
    """Return the score of the class at ``place`` of the two."""
    if response == "predict_proba":
        return ops.Column(methods[response], place)
    return methods[response] if place == 1 else ops.Elementwise(methods[response], "negative")
