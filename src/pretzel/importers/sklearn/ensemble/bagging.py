"""Bagging: the mean of members that each read a subset of the columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.members import Member, divided, member, spread, total
from pretzel.plan import ops
from pretzel.plan.node import Node


@imports(ensemble.BaggingClassifier)
def bagging_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the mean of the members' probabilities, or of their votes without any, and the class of the largest."""
    bagged = _members(estimator, x, step)
    proba = _mean(estimator, [_shares(estimator, one) for one in bagged])
    methods = {"predict": labelled(ops.ArgMax(proba), estimator.classes_, step), "predict_proba": proba}
    logged = [_logged(estimator, one) for one in bagged]
    if None not in logged:
        methods["predict_log_proba"] = ops.Link(_mean(estimator, [one for one in logged if one is not None]), "log")
    complete = all(len(one.fitted.classes_) == estimator.n_classes_ for one in bagged)
    if complete and all("decision_function" in one.methods for one in bagged):
        scores = total([one.gives("decision_function") for one in bagged])
        methods["decision_function"] = divided(scores, estimator.n_estimators)
    return methods


@imports(ensemble.BaggingRegressor)
def bagging_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the mean of the members' predictions."""
    answers = [one.gives("predict") for one in _members(estimator, x, step)]
    return {"predict": divided(total(answers), estimator.n_estimators)}


def _members(estimator: Any, x: Columns, step: Step) -> list[Member]:
    """Import each member over the columns that it was fitted on."""
    parts = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    return [
        member(step, f"estimators_[{i}]", fitted, _given(x, columns, step)) for i, (fitted, columns) in enumerate(parts)
    ]


def _given(x: Columns, columns: np.ndarray, step: Step) -> Columns:
    if len(columns) == x.width and (columns == np.arange(x.width)).all():
        return x.as_array()
    if x.is_sparse and len(np.unique(columns)) < len(columns):
        raise step.refuse("bootstrap_features", "a sparse column is read twice", "fit it on a dense matrix")
    whole = Columns.of(x.array()) if x.frame and not x.holds_texts else x.as_array()  # columns of a table share a type
    return whole.select(columns.tolist())


def _shares(estimator: Any, one: Member) -> Node:
    """Return a member's probabilities, zero for classes it was not fitted on; or its vote."""
    if not hasattr(one.fitted, "predict_proba"):
        return one.rows(np.eye(estimator.n_classes_))
    return spread(one.gives("predict_proba"), one.fitted.classes_, estimator.n_classes_)


def _logged(estimator: Any, one: Member) -> Node | None:
    """Return the probabilities whose logarithms a member returns, which may differ from its own where they are zero.

    None: it does not take logarithms, and may be finite where the probability underflows.
    """
    if not hasattr(one.fitted, "predict_log_proba"):
        return _shares(estimator, one)
    log = one.methods.get("predict_log_proba")
    if not isinstance(log, ops.Link) or log.function != "log":
        return None
    return spread(log.x, one.fitted.classes_, estimator.n_classes_)


def _mean(estimator: Any, shares: list[Node]) -> Node:
    return divided(total(shares, "f64"), estimator.n_estimators)
