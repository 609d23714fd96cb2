"""Importers of XGBoost's estimators and its ``Booster``, through the document that the booster writes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xgboost

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs
from pretzel.importers.registry import Methods, Step, adapts, given, imports
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.xgboost.document import read_document
from pretzel.importers.xgboost.model import Model
from pretzel.importers.xgboost.native import given_document_model, offer_explanations
from pretzel.importers.xgboost.objectives import answered
from pretzel.importers.xgboost.scores import margins
from pretzel.plan import ops
from pretzel.plan.node import Node

ESTIMATORS = (
    xgboost.XGBClassifier,
    xgboost.XGBModel,
    xgboost.XGBRanker,
    xgboost.XGBRegressor,
    xgboost.XGBRFClassifier,
    xgboost.XGBRFRegressor,
)


reads_thresholds(*ESTIMATORS, compares=lambda estimator: estimator.booster != "gblinear")


@adapts(xgboost.Booster)
def as_document(estimator: xgboost.Booster) -> Model:
    """Return the model that a booster writes as a document."""
    return read_document(bytes(estimator.save_raw("ubj")))


@imports(xgboost.XGBRegressor, xgboost.XGBRFRegressor, xgboost.XGBRanker, xgboost.XGBModel)
def regressor(estimator: xgboost.XGBModel, x: Columns, step: Step) -> Methods:
    """Return the predictions of the booster, up to the best iteration if there is one."""
    model = _best(estimator)
    answer = answered(model, _margins(estimator, model, x, step), step)
    return {"predict": answer}


@imports(xgboost.XGBClassifier, xgboost.XGBRFClassifier)
def classifier(estimator: xgboost.XGBClassifier, x: Columns, step: Step) -> Methods:
    """Return probabilities and the most probable class; for several labels, those above one half."""
    model = _best(estimator)
    margin = _margins(estimator, model, x, step)
    answer = answered(model, margin, step)
    classes = int(estimator.n_classes_)
    proba = ops.Link(margin, "softmax") if estimator.objective == "multi:softmax" else _probabilities(answer, classes)
    labels = _labels(estimator, answer, classes, step)
    return {"predict": labels, "predict_proba": proba}


@given(*ESTIMATORS)
def given_estimator(estimator: xgboost.XGBModel, inputs: Inputs) -> Columns:
    """Return one column per feature name if the estimator was fitted on a table."""
    if not estimator.__sklearn_is_fitted__():
        return Columns.given(inputs, None)
    return given_document_model(as_document(estimator.get_booster()), inputs)


def _labels(estimator: xgboost.XGBClassifier, answer: Node, classes: int, step: Step) -> Node:
    """Return the class numbers; with several labels per row, a separate column for each."""
    if answer.type.width is not None and classes != 2:
        return labelled(ops.ArgMax(answer), np.arange(answer.type.columns), step)
    if answer.type.width is not None:
        return ops.Cast(ops.Threshold(answer, 0.5), "f64")
    if estimator.objective == "multi:softmax":
        return ops.Cast(answer, "i32")
    return labelled(ops.Threshold(answer, 0.5), np.arange(2), step)


def _probabilities(answer: Node, classes: int) -> Node:
    """Return one column per class or label; of two classes, the first is 1 minus the second."""
    if answer.type.width is not None:
        return answer
    return ops.Link(answer, "complement_pair")


def _best(estimator: xgboost.XGBModel) -> Model:
    model = as_document(estimator.get_booster())
    return model.until(model.best_iteration)


def _margins(estimator: xgboost.XGBModel, model: Model, x: Columns, step: Step) -> Node:
    missing = math.nan if estimator.missing is None else float(estimator.missing)
    offer_explanations(model, x, step, missing)
    return margins(model, x, step, missing=missing, in_place=True)


@answers("contributions", *ESTIMATORS)
def pred_contribs(estimator: xgboost.XGBModel, X: Any) -> Any:
    """Return XGBoost's own contributions, over the rounds that ``predict`` uses."""
    return booster_answer(estimator, X, pred_contribs=True)


@answers("interactions", *ESTIMATORS)
def pred_interactions(estimator: xgboost.XGBModel, X: Any) -> Any:
    """Return XGBoost's own interactions, over the rounds that ``predict`` uses."""
    return booster_answer(estimator, X, pred_interactions=True)


@answers("leaf_index", *ESTIMATORS)
def apply(estimator: xgboost.XGBModel, X: Any) -> Any:
    """Return XGBoost's own leaf indices."""
    return estimator.apply(X)


def booster_answer(estimator: xgboost.XGBModel, X: Any, **options: bool) -> Any:
    """Return the prediction of an estimator's booster with these options."""
    matrix = xgboost.DMatrix(
        X,
        missing=estimator.missing,
        nthread=estimator.n_jobs,
        feature_types=estimator.feature_types,
        enable_categorical=estimator.enable_categorical,
    )
    rounds = estimator._get_iteration_range(None)
    return estimator.get_booster().predict(matrix, iteration_range=rounds, **options)
