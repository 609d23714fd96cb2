"""Linear models: a product, followed by a link or a decision."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import linear_model, svm
from sklearn.utils import check_array

from pretzel.importers.answers import answers
from pretzel.importers.columns import Columns
from pretzel.importers.contributions import METHOD
from pretzel.importers.linear_contributions import offer_contributions, terms
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked, coefficients, product, vector
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node

LINEAR_REGRESSORS = (
    linear_model.LinearRegression,
    linear_model.Ridge,
    linear_model.RidgeCV,
    linear_model.Lasso,
    linear_model.LassoCV,
    linear_model.ElasticNet,
    linear_model.ElasticNetCV,
    linear_model.MultiTaskLasso,
    linear_model.MultiTaskLassoCV,
    linear_model.MultiTaskElasticNet,
    linear_model.MultiTaskElasticNetCV,
    linear_model.Lars,
    linear_model.LarsCV,
    linear_model.LassoLars,
    linear_model.LassoLarsCV,
    linear_model.LassoLarsIC,
    linear_model.OrthogonalMatchingPursuit,
    linear_model.OrthogonalMatchingPursuitCV,
    linear_model.BayesianRidge,
    linear_model.ARDRegression,
    linear_model.HuberRegressor,
    linear_model.QuantileRegressor,
    linear_model.TheilSenRegressor,
    svm.LinearSVR,
)
SGD_REGRESSORS = (linear_model.SGDRegressor, linear_model.PassiveAggressiveRegressor)
GENERALIZED = (linear_model.PoissonRegressor, linear_model.GammaRegressor, linear_model.TweedieRegressor)
CLASSIFIERS = (
    linear_model.LogisticRegression,
    linear_model.LogisticRegressionCV,
    linear_model.Perceptron,
    linear_model.PassiveAggressiveClassifier,
    linear_model.RidgeClassifier,
    linear_model.RidgeClassifierCV,
    linear_model.SGDClassifier,
    linear_model.SGDOneClassSVM,
    svm.LinearSVC,
)
ONE_SCORE = (*SGD_REGRESSORS, *CLASSIFIERS)
"""Estimators whose single row of coefficients gives one value per row, not a column."""

computes_with("coef_", *LINEAR_REGRESSORS, *SGD_REGRESSORS, *CLASSIFIERS)


@imports(*LINEAR_REGRESSORS)
def linear_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ coef_.T + intercept_``: one value per row, or one column per row of ``coef_``."""
    offer_contributions(step, checked(x, estimator), *coefficients_of(estimator))
    return {"predict": product(checked(x, estimator), estimator.coef_, estimator.intercept_)}


@imports(*SGD_REGRESSORS)
def sgd_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """One value per row (``ravel``), regardless of the shape of ``coef_``."""
    offer_contributions(step, checked(x, estimator), *coefficients_of(estimator))
    return {"predict": product(checked(x, estimator), np.ravel(coefficients(estimator.coef_)), estimator.intercept_)}


@imports(*GENERALIZED)
def generalized_linear_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The inverse of the link function: the exponential, or the identity."""
    offer_contributions(step, checked(x, estimator), *coefficients_of(estimator))
    raw = product(checked(x, estimator), estimator.coef_, estimator.intercept_)
    link = type(estimator._base_loss.link).__name__
    if link == "IdentityLink":
        return {"predict": raw}
    if link == "LogLink":
        return {"predict": ops.Elementwise(raw, "exp")}
    raise step.refuse("link", f"its link is {link}", "use the identity or the logarithm")


@imports(linear_model.LogisticRegression, linear_model.LogisticRegressionCV)
def logistic_regression(estimator: Any, x: Columns, step: Step) -> Methods:
    """One sigmoid for two classes, a softmax for more; one sigmoid per class if trained one-vs-rest."""
    scores = _scores(estimator, x, step)
    one_vs_rest, multi_class = estimator.classes_.size <= 2, getattr(estimator, "multi_class", "auto")
    if multi_class == "ovr" or (multi_class in ("auto", "deprecated") and estimator.solver == "liblinear"):
        one_vs_rest = True
    if multi_class == "multinomial":
        one_vs_rest = False
    proba = _one_vs_rest(scores) if one_vs_rest else _multinomial(scores)
    return _classifier(estimator, scores, step) | _probabilities(proba)


@imports(
    svm.LinearSVC,
    linear_model.Perceptron,
    linear_model.PassiveAggressiveClassifier,
)
def linear_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class with the largest score; no probabilities."""
    return _classifier(estimator, _scores(estimator, x, step), step)


@imports(linear_model.RidgeClassifier, linear_model.RidgeClassifierCV)
def ridge_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class with the largest score; for multilabel targets, each label with a score above zero."""
    scores = _scores(estimator, x, step)
    if estimator._label_binarizer.y_type_.startswith("multilabel"):
        return {"predict": ops.Threshold(scores), "decision_function": scores}
    return _classifier(estimator, scores, step)


@imports(linear_model.SGDClassifier)
def sgd_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Probabilities for the losses that have them: ``log_loss`` and ``modified_huber``."""
    scores = _scores(estimator, x, step)
    methods = _classifier(estimator, scores, step)
    if estimator.loss == "log_loss":
        return methods | _probabilities(_one_vs_rest(scores))
    if estimator.loss == "modified_huber":
        return methods | _probabilities(_modified_huber(scores))
    return methods


@imports(linear_model.SGDOneClassSVM)
def sgd_one_class_svm(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ coef_.T - offset_``; 1 where it is not negative, else -1; ``score_samples`` adds the offset again."""
    offset = np.asarray(estimator.offset_)
    offer_contributions(step, checked(x, estimator), *coefficients_of(estimator))
    scores = product(checked(x, estimator), np.ravel(coefficients(estimator.coef_)), -offset)
    samples = ops.Affine(scores, vector(1.0, 1), vector(offset, 1))
    inlier = ops.Cast(ops.Threshold(scores, 0.0, True), "f64")
    sign = ops.Affine(inlier, vector(2.0, 1), vector(-1.0, 1))
    return {"predict": ops.Cast(sign, "i32"), "decision_function": scores, "score_samples": samples}


def _scores(estimator: Any, x: Columns, step: Step) -> Node:
    """``decision_function``: one value per row for two classes, else one column per class."""
    coef, intercept = coefficients_of(estimator)
    offer_contributions(step, checked(x, estimator), coef, intercept)
    return product(checked(x, estimator), coef, intercept)


def coefficients_of(estimator: Any) -> tuple[np.ndarray, Any]:
    """Return the weights, ``[features]`` or ``[scores, features]``, and the intercept."""
    coef = coefficients(estimator.coef_)
    single = coef.ndim == 2 and len(coef) == 1 and isinstance(estimator, ONE_SCORE)
    intercept = -np.asarray(estimator.offset_) if hasattr(estimator, "offset_") else estimator.intercept_
    return coef[0] if single else coef, intercept


@answers(
    METHOD,
    *LINEAR_REGRESSORS,
    *SGD_REGRESSORS,
    *GENERALIZED,
    *CLASSIFIERS,
)
def contributions(estimator: Any, X: Any) -> Any:
    """Return the terms that scikit-learn adds up to scores."""
    coef, intercept = coefficients_of(estimator)
    dtype = [np.float64, np.float32] if isinstance(estimator, GENERALIZED) else "numeric"
    return terms(check_array(X, accept_sparse="csr", dtype=dtype), coef, intercept)


def _classifier(estimator: Any, scores: Node, step: Step) -> Methods:
    codes = ops.Threshold(scores) if scores.type.width is None else ops.ArgMax(scores)
    return {"predict": labelled(codes, estimator.classes_, step), "decision_function": scores}


def _probabilities(proba: Node) -> Methods:
    return {"predict_proba": proba, "predict_log_proba": ops.Link(proba, "log")}


def _one_vs_rest(scores: Node) -> Node:
    if scores.type.width is None:
        return ops.Link(scores, "sigmoid_pair")
    return ops.Link(ops.Link(scores, "sigmoid"), "shares")


def _multinomial(scores: Node) -> Node:
    return ops.Link(scores, "softmax_pair" if scores.type.width is None else "softmax")


def _modified_huber(scores: Node) -> Node:
    """``(clip(scores, -1, 1) + 1) / 2``, normalized over several classes."""
    width = scores.type.columns
    clipped = ops.Clip(scores, vector(-1.0, width), vector(1.0, width))
    halved = ops.Affine(clipped, vector(0.5, width), vector(0.5, width))
    if scores.type.width is not None:
        return ops.Link(halved, "shares")
    return ops.Link(halved if halved.type.dtype == "f64" else ops.Cast(halved, "f64"), "complement_pair")
