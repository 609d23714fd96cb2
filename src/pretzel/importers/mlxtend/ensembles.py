"""Votes and stacks of mlxtend."""

from __future__ import annotations

from typing import Any

import numpy as np
from mlxtend.classifier import EnsembleVoteClassifier, StackingClassifier, StackingCVClassifier
from mlxtend.regressor import StackingCVRegressor, StackingRegressor

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, given, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.members import Member, divided, member, stacked, times, total
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@given(EnsembleVoteClassifier, StackingClassifier, StackingCVClassifier, StackingRegressor, StackingCVRegressor)
def columns_of_ensemble(estimator: Any, inputs: Inputs) -> Columns:
    """Return the columns that the first member was fitted on."""
    fitted = getattr(estimator, "clfs_", None) or getattr(estimator, "regr_", None) or [None]
    names = getattr(fitted[0], "feature_names_in_", None)
    return Columns.given(inputs, None if names is None else list(names), getattr(fitted[0], "n_features_in_", None))


@imports(EnsembleVoteClassifier)
def vote_classifier(estimator: EnsembleVoteClassifier, x: Columns, step: Step) -> Methods:
    """Return the class with the most votes, or with the largest mean probability."""
    voters = [member(step, f"clfs_[{i}]", fitted, x) for i, fitted in enumerate(estimator.clfs_)]
    weights = None if estimator.weights is None else [float(weight) for weight in estimator.weights]
    if all("predict_proba" in voter.methods for voter in voters):
        mean = _average([voter.gives("predict_proba") for voter in voters], weights)
    elif estimator.voting == "soft":
        raise step.refuse("voting", "a member has no probabilities", "use voting='hard'", about_input=True)
    else:
        mean = None
    methods = {} if mean is None else {"predict_proba": mean}
    if estimator.voting == "soft":
        assert mean is not None
        step.leaves_out("transform", "it is an array of three dimensions", "use the members' predict_proba")
        return methods | {"predict": labelled(ops.ArgMax(mean), estimator.classes_, step)}
    if weights is not None and min(weights) < 0:
        raise step.refuse("weights", "classes count only up to the last one predicted", "use weights of 0 or more")
    places = [_places(voter, estimator, step) for voter in voters]
    votes = [
        ops.Take(place, Parameter.of(np.eye(len(estimator.classes_)) * weight))
        for place, weight in zip(places, weights or [1.0] * len(places), strict=True)
    ]
    return methods | {
        "predict": labelled(ops.ArgMax(total(votes)), estimator.classes_, step),
        "transform": stacked(places),
    }


def _places(voter: Member, estimator: EnsembleVoteClassifier, step: Step) -> Node:
    """Return the position among the classes of each prediction of a member."""
    predicted = voter.gives("predict")
    if not isinstance(predicted, ops.LabelLookup):
        raise voter.step.refuse("", "it is not a classifier", "use a classifier in its place", about_input=True)
    labels = np.asarray(voter.fitted.classes_)
    places = labels if estimator.fit_base_estimators else np.searchsorted(estimator.classes_, labels)
    return ops.Take(predicted.codes, Parameter.of(places.astype(np.int64)), 0.0)


def _average(answers: list[Node], weights: list[float] | None) -> Node:
    """Return ``numpy.average`` over the members."""
    if weights is None:
        return divided(total(answers), len(answers))
    weighted = [times(answer, weight) for answer, weight in zip(answers, weights, strict=True)]
    return divided(total(weighted), float(np.sum(weights)))


@imports(StackingClassifier, StackingCVClassifier)
def stacking_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of the meta-classifier over the predictions of the others."""
    answers = [_answer(estimator, member(step, f"clfs_[{i}]", fitted, x)) for i, fitted in enumerate(estimator.clfs_)]
    averaged = estimator.use_probas and getattr(estimator, "average_probas", False)
    given = _with_features(estimator, [_average(answers, None)] if averaged else answers, x)
    last = member(step, "meta_clf_", estimator.meta_clf_, given)
    served = ("predict", "predict_proba", "decision_function")
    return {name: node for name, node in last.methods.items() if name in served}


@imports(StackingRegressor, StackingCVRegressor)
def stacking_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the prediction of the meta-regressor over the predictions of the others."""
    answers = [member(step, f"regr_[{i}]", fitted, x).gives("predict") for i, fitted in enumerate(estimator.regr_)]
    last = member(step, "meta_regr_", estimator.meta_regr_, _with_features(estimator, answers, x))
    return {"predict": last.gives("predict")}


def _answer(estimator: Any, one: Member) -> Node:
    """Return one member's prediction as a number, or some of the columns of its probabilities."""
    if not estimator.use_probas:
        return one.number()
    answer = one.gives("predict_proba")
    width = answer.type.columns
    kept = {"first": range(1, width), "last": range(width - 1)}.get(estimator.drop_proba_col, range(width))
    return answer if len(kept) == width else ops.Select(answer, Parameter.of(np.array(kept, np.int64)))


def _with_features(estimator: Any, answers: list[Node], x: Columns) -> Columns:
    return Columns.of(stacked([x.array(), *answers] if estimator.use_features_in_secondary else answers))
