"""Naive Bayes: a log-likelihood per class, normalized to log-probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import naive_bayes

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import divides, reads_thresholds
from pretzel.importers.sklearn.common.directions import divides_rounded
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import centered, checked, product
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(naive_bayes.BernoulliNB, alike=True)
reads_thresholds(naive_bayes.CategoricalNB)
reads_thresholds(naive_bayes.BernoulliNB, compares=lambda model: model.binarize is not None, of_sums=True)
computes_with("theta_", naive_bayes.GaussianNB)


@imports(naive_bayes.GaussianNB)
def gaussian_nb(estimator: Any, x: Columns, step: Step) -> Methods:
    """``log(prior) - sum(log(2 pi var)) / 2 - sum((X - theta)**2 / var) / 2`` per class."""
    node = checked(x, estimator)
    with np.errstate(divide="ignore"):
        priors = np.log(estimator.class_prior_)
    half_logs = -0.5 * np.log(2.0 * np.pi * estimator.var_).sum(axis=1)
    kind = np.result_type(node.type.numpy, priors, half_logs)  # the library adds both to the row sums in this type
    biases = priors.astype(kind) + half_logs
    moments = zip(estimator.theta_, estimator.var_, biases, strict=True)
    return _methods(ops.Concat(tuple(_gaussian(node, *moment) for moment in moments)), estimator, step)


@imports(naive_bayes.MultinomialNB)
def multinomial_nb(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ feature_log_prob_.T + class_log_prior_``."""
    node = checked(x, estimator)
    return _methods(product(node, estimator.feature_log_prob_, estimator.class_log_prior_), estimator, step)


@imports(naive_bayes.ComplementNB)
def complement_nb(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ feature_log_prob_.T``; plus the prior if there is only one class."""
    prior = estimator.class_log_prior_ if len(estimator.classes_) == 1 else 0.0
    return _methods(product(checked(x, estimator), estimator.feature_log_prob_, prior), estimator, step)


@imports(naive_bayes.BernoulliNB)
def bernoulli_nb(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ (log(p) - log(1 - p)).T + sum(log(1 - p)) + class_log_prior_``."""
    node, present = checked(x, estimator), estimator.feature_log_prob_
    if estimator.binarize is not None:
        node = ops.Cast(ops.Threshold(node, _limit(estimator.binarize, node)), "f64")
    with np.errstate(divide="ignore", invalid="ignore"):  # without smoothing
        absent = np.log(1 - np.exp(present))
    bias = estimator.class_log_prior_ + absent.sum(axis=1)
    return _methods(product(node, present - absent, bias), estimator, step)


@imports(naive_bayes.CategoricalNB)
def categorical_nb(estimator: Any, x: Columns, step: Step) -> Methods:
    """The sum of the log-probabilities of each column's category; values are truncated to integers."""
    tables = [np.ascontiguousarray(table.T) for table in estimator.feature_log_prob_]
    limits = [np.nextafter(len(table), 0.0) for table in tables]
    low = Parameter.of(np.full(len(tables), np.nextafter(-1.0, 0.0)))
    valid = ops.RequireWithin(x.numbers("f64"), low, Parameter.of(np.array(limits)), type(estimator).__name__)
    codes = ops.Cast(valid, "i64")
    parts = [ops.Take(ops.Column(codes, i), Parameter.of(table)) for i, table in enumerate(tables)]
    return _methods(ops.Sum(tuple(parts), Parameter.of(estimator.class_log_prior_)), estimator, step)


def _gaussian(x: Node, mean: np.ndarray, variance: np.ndarray, bias: Any) -> Node:
    squares = ops.Elementwise(centered(x, mean), "square")
    return product(squares, -0.5 / variance.astype(squares.type.numpy), np.asarray(bias))


def _limit(threshold: float, x: Node) -> float:
    """Return the threshold as NumPy compares it: a Python number takes the type of X."""
    return float(np.result_type(x.type.numpy, threshold).type(threshold))


def _methods(likelihood: Node, estimator: Any, step: Step) -> Methods:
    log_proba = ops.Link(likelihood, "log_softmax")
    return {
        "predict": labelled(ops.ArgMax(likelihood), estimator.classes_, step),
        "predict_proba": ops.Elementwise(log_proba, "exp"),
        "predict_log_proba": log_proba,
    }


@divides(naive_bayes.GaussianNB)
def _compares_with_means(model: Any, rounded: bool) -> float:
    deviation = np.sqrt(model.var_)
    return divides_rounded((np.abs(model.theta_) + deviation).ravel(), deviation.ravel(), rounded)
