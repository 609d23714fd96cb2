"""Votes: the class that most members name, or the mean of what they answer."""

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

    Soft votes that are not flattened are an array of three dimensions, which is not served: then there is no
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
    """Return the weighted mean of the predictions, and the predictions side by side."""
    answers = [voter.number() for voter in _voters(estimator, x, step)]
    return {"predict": _average(estimator, answers), "transform": stacked(answers)}


def _voters(estimator: Any, x: Columns, step: Step) -> list[Member]:
    names = [name for name, given in estimator.estimators if given != "drop"]
    return [member(step, name, fitted, x) for name, fitted in zip(names, estimator.estimators_, strict=True)]


def _votes(estimator: Any, voters: list[Member], step: Step) -> Node:
    """Return the weight of the votes for each class, added voter by voter as ``bincount`` does."""
    weights = estimator._weights_not_none or [1.0] * len(voters)
    if min(weights) < 0:
        raise step.refuse("weights", "a class is then counted only up to the last one named", "use weights from 0 on")
    ones = np.eye(len(estimator.classes_))
    return total([voter.rows(ones * float(weight)) for voter, weight in zip(voters, weights, strict=True)])


def _average(estimator: Any, answers: list[Node]) -> Node:
    """Return ``numpy.average`` over the members; weights make it float64."""
    weights = estimator._weights_not_none
    if weights is None:
        return divided(total(answers), len(answers))
    weighted = [times(answer, float(weight)) for answer, weight in zip(answers, weights, strict=True)]
    return divided(total(weighted), float(np.sum(weights)))
