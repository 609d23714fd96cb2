"""Stacked generalization: a final estimator reads the predictions of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.members import Member, member, stacked
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(ensemble.StackingClassifier)
def stacking_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of the final classifier, whose classes are positions among the labels."""
    if isinstance(estimator._label_encoder, list):
        raise step.refuse("", "it was fitted on several outputs", "fit one classifier for each output")
    features = _features(estimator, x, step)
    last = member(step, "final_estimator", estimator.final_estimator_, Columns.of(features))
    predicted = last.gives("predict")
    if not isinstance(predicted, ops.LabelLookup):
        raise step.refuse(
            "final_estimator", "it is not a single-output classifier", "use a classifier", about_input=True
        )
    classes = np.asarray(estimator.classes_)[predicted.labels.array]
    methods = {name: last.methods[name] for name in ("predict_proba", "decision_function") if name in last.methods}
    return methods | {"predict": labelled(predicted.codes, classes, step), "transform": features}


@imports(ensemble.StackingRegressor)
def stacking_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the prediction of the final regressor."""
    features = _features(estimator, x, step)
    last = member(step, "final_estimator", estimator.final_estimator_, Columns.of(features))
    return {"predict": last.gives("predict"), "transform": features}


def _features(estimator: Any, x: Columns, step: Step) -> Node:
    """Return the members' predictions concatenated, followed by x if it is passed through."""
    names = [name for name, part in estimator.estimators if part != "drop"]
    parts = [
        _answer(estimator, member(step, name, fitted, x), method)
        for name, fitted, method in zip(names, estimator.estimators_, estimator.stack_method_, strict=True)
    ]
    return stacked([*parts, x.array()] if estimator.passthrough else parts)


def _answer(estimator: Any, one: Member, method: str) -> Node:
    """Return one member's prediction; only the second column of the probabilities of two classes."""
    if method == "predict":
        return one.number()
    answer = one.gives(method)
    if method == "predict_proba" and len(estimator.classes_) == 2:
        return ops.Select(answer, Parameter.of(np.array([1], np.int64)))
    return answer
