"""Convert raw scores to the results of CatBoost's methods, according to the loss of the model."""

from __future__ import annotations

import math

import numpy as np

from pretzel.importers.catboost.model import MULTILABEL, Model
from pretzel.importers.catboost.structure import require
from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

LOG_LINKED = ("Poisson", "Tweedie")


def scaled(raw: Node, model: Model) -> Node:
    """Scale and shift the sum of the trees as the model does."""
    if model.scale == 1 and not any(model.bias):
        return raw
    bias = np.resize(np.array(model.bias), raw.type.columns)
    return ops.Affine(raw, Parameter.of(np.full(raw.type.columns, model.scale)), Parameter.of(bias))


def regressor(raw: Node, kind: str) -> Methods:
    """Return ``predict`` for a prediction type: ``Exponent``, ``RMSEWithUncertainty``, or raw scores."""
    if kind == "Exponent":
        return {"predict": ops.Elementwise(raw, "exp")}
    if kind == "RMSEWithUncertainty":
        deviation = ops.Affine(ops.Column(raw, 1), Parameter.of(np.array([2.0])))
        return {"predict": ops.Concat((ops.Column(raw, 0), ops.Elementwise(deviation, "exp")))}
    return {"predict": raw}


def kind_of(model: Model) -> str:
    """Return the prediction type that ``CatBoostRegressor.predict`` uses for a model from a file."""
    if model.loss in LOG_LINKED:
        return "Exponent"
    return "RMSEWithUncertainty" if model.loss == "RMSEWithUncertainty" else "RawFormulaVal"


def classifier(raw: Node, model: Model, step: Step) -> Methods:
    """Return the classes, their probabilities, and the scores."""
    if raw.type.width is None:
        return _binary(raw, model, step)
    if model.loss in MULTILABEL:
        proba: Node = ops.Link(raw, "sigmoid")
        return _methods(ops.Threshold(raw, 0.0), proba, ops.Link(proba, "log"), raw)
    labels = _labels(model, raw.type.columns)
    raw = _every_class(raw, model, len(labels))
    predicted = ops.LabelLookup(ops.ArgMax(raw), labels)
    step.returns("predict", (1,))
    if model.loss == "MultiClassOneVsAll":
        proba = ops.Link(raw, "sigmoid")
        return _methods(predicted, proba, ops.Link(proba, "log"), raw)
    return _methods(predicted, ops.Link(raw, "softmax"), ops.Link(raw, "log_softmax"), raw)


def _binary(raw: Node, model: Model, step: Step) -> Methods:
    second = ops.Threshold(raw, _border(model, step))
    both = ops.Concat((ops.Elementwise(raw, "negative"), raw))
    logs = ops.Link(ops.Link(both, "sigmoid"), "log")
    return _methods(ops.LabelLookup(second, _labels(model, 2)), ops.Link(raw, "sigmoid_pair"), logs, raw)


def _methods(predict: Node, proba: Node, logs: Node, raw: Node) -> Methods:
    return {"predict": predict, "predict_proba": proba, "predict_log_proba": logs, "decision_function": raw}


def _border(model: Model, step: Step) -> float:
    """Return the score above which a row has the second class: the logit of ``set_probability_threshold``."""
    threshold = model.info.get("binclass_probability_threshold")
    if threshold is None:
        return 0.0
    try:
        share = float(threshold)
        return math.log(share / (1 - share))
    except (TypeError, ValueError, ZeroDivisionError):
        raise step.refuse("", f"its probability threshold is {threshold!r:.40}", "set one between 0 and 1") from None


def _labels(model: Model, classes: int) -> Parameter:
    """Return the table of labels; with a custom loss they are numbers from 0."""
    labels = model.classes_
    if labels is None:
        return Parameter.of(np.arange(classes))
    return Parameter.strings([*labels]) if labels.dtype == object else Parameter.of(labels)


def _every_class(raw: Node, model: Model, classes: int) -> Node:
    """Return the scores in label order; a class without training rows scores minus infinity."""
    trained = raw.type.columns
    places = model.about_classes.get("class_to_label") or list(range(trained))
    if places == list(range(classes)) and classes == trained:
        return raw
    require({*places} <= {*range(classes)} and len({*places}) == trained, f"its classes are {places!r:.60}")
    order = np.full(classes, trained)
    order[np.array(places, np.int64)] = np.arange(trained)
    absent = ops.Constant(raw, Parameter.of(np.full((1, 1), -np.inf)))
    return ops.Select(ops.Concat((raw, absent)), Parameter.of(order))
