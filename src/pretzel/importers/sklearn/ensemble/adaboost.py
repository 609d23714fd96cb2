"""Adaptive boosting: a weighted vote, or the weighted median, of the members."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked_array
from pretzel.importers.sklearn.common.members import Member, divided, members, stacked, total
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(ensemble.AdaBoostClassifier)
def adaboost_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the weighted votes, their softmax and the class: the second of two above a score of zero."""
    classes = len(estimator.classes_)
    if classes < 2:
        raise step.refuse("", "it was fitted on one class", "fit it on two classes or more")
    votes = _votes(estimator, members(step, estimator.estimators_, checked_array(x, estimator)))
    codes: Node
    if classes == 2:
        scores: Node = ops.Linear(votes, Parameter.of(np.array([-1.0, 1.0])))
        codes, proba = ops.Threshold(scores), ops.Link(divided(scores, 2.0), "softmax_pair")
    else:
        scores = votes
        codes, proba = ops.ArgMax(scores), ops.Link(divided(scores, classes - 1.0), "softmax")
    return {
        "predict": labelled(codes, estimator.classes_, step),
        "decision_function": scores,
        "predict_proba": proba,
        "predict_log_proba": ops.Link(proba, "log"),
    }


@imports(ensemble.AdaBoostRegressor)
def adaboost_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the median of the predictions, by the members' weights."""
    fitted = members(step, estimator.estimators_, checked_array(x, estimator))
    weights = np.asarray(estimator.estimator_weights_[: len(fitted)], np.float64)
    return {"predict": ops.WeightedMedian(stacked([one.gives("predict") for one in fitted]), Parameter.of(weights))}


def _votes(estimator: Any, voters: list[Member]) -> Node:
    """Return the votes per class: a member's weight for its predicted class, an equal share against each other."""
    weights = estimator.estimator_weights_
    votes = [_vote(estimator, voter, weight) for voter, weight in zip(voters, weights, strict=False)]
    return divided(total(votes), float(weights.sum()))


def _vote(estimator: Any, voter: Member, weight: float) -> Node:
    predicted = voter.gives("predict")
    if not isinstance(predicted, ops.LabelLookup):
        raise voter.step.refuse("", "it is not a classifier", "use a classifier in its place", about_input=True)
    classes = np.asarray(estimator.classes_)
    named = np.asarray(voter.fitted.classes_)[:, None] == classes[None, :]
    table = np.where(named, weight, -1 / (len(classes) - 1) * weight)
    return ops.Take(predicted.codes, Parameter.of(table))
