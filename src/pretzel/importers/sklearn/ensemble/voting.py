"""Voting: the class that most members predict, or the mean of their predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.members import Member, divided, member, stacked, times, total
from pretzel.plan import ops
from pretzel.plan.node import Node


@imports(ensemble.VotingClassifier)
def voting_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the class with the most votes, or with the largest mean probability.

    Soft votes that are not flattened are a three-dimensional array, which is not served: the model then has no
    ``transform``.
    """
    voters = _voters(estimator, x, step)
    if estimator.voting == "hard":
        votes = _votes(estimator, voters, step)
        answers = stacked([voter.number() for voter in voters])
        return {"predict": labelled(ops.ArgMax(votes), estimator.classes_, step), "transform": answers}
    probabilities = [voter.gives("predict_proba") for voter in voters]
    mean = _average(estimator, probabilities)
    methods = {"predict": labelled(ops.ArgMax(mean), estimator.classes_, step), "predict_proba": mean}
    return methods | {"transform": stacked(probabilities)} if estimator.flatten_transform else methods


@imports(ensemble.VotingRegressor)
def voting_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the weighted mean of the predictions, and the predictions concatenated."""
    answers = [voter.number() for voter in _voters(estimator, x, step)]
    return {"predict": _average(estimator, answers), "transform": stacked(answers)}


def _voters(estimator: Any, x: Columns, step: Step) -> list[Member]:
    names = [name for name, part in estimator.estimators if part != "drop"]
    return [member(step, name, fitted, x) for name, fitted in zip(names, estimator.estimators_, strict=True)]


def _votes(estimator: Any, voters: list[Member], step: Step) -> Node:
    """Return the weighted votes per class, added voter by voter like ``bincount``."""
    weights = estimator._weights_not_none or [1.0] * len(voters)
    if min(weights) < 0:
        raise step.refuse("weights", "classes count only up to the last one predicted", "use weights of 0 or more")
    ones = np.eye(len(estimator.classes_))
    return total([voter.rows(ones * float(weight)) for voter, weight in zip(voters, weights, strict=True)])


def _average(estimator: Any, answers: list[Node]) -> Node:
    """Return ``numpy.average`` over the members, in float64 with weights."""
    weights = estimator._weights_not_none
    if weights is None:
        return divided(total(answers), len(answers))
    weighted = [times(answer, float(weight)) for answer, weight in zip(answers, weights, strict=True)]
    return divided(total(weighted), float(np.sum(weights)))
