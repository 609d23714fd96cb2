"""Nearest centroids, and the projection of neighborhood components."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import neighbors

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import divides
from pretzel.importers.sklearn.common.directions import divides_rounded
from pretzel.importers.sklearn.common.doubts import note_rounding
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.common.pairwise import bounded, distances, matrix
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(neighbors.NearestCentroid, alike=False)

FAR = 1e12
"""The largest value in units of a deviation: of the squares of larger ones, the last digits exceed other distances."""


@imports(neighbors.NearestCentroid)
def nearest_centroid(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class of the nearest centroid; with unequal priors, the class of the best discriminant score."""
    node = cast(checked(x, estimator), "f64")
    metric, priors = estimator.metric, np.asarray(estimator.class_prior_)
    note_rounding(estimator.centroids_, step)
    if metric == "euclidean" and not is_sparse(node):
        reason = f"beyond {FAR:g} deviations of a feature, rounding decides the distances; scale or drop the value"
        node = bounded(node, FAR * _deviation(estimator), estimator, reason)
    far = distances(node, matrix(estimator.centroids_), "squares" if metric == "euclidean" else metric)
    scores = _discriminants(estimator, node, metric)
    codes = ops.ArgMin(far) if np.isclose(priors, 1 / len(priors)).all() else ops.ArgMax(scores)
    methods = {"predict": labelled(codes, estimator.classes_, step)}
    if metric != "euclidean":
        return methods
    if is_sparse(node):
        for method in ("decision_function", "predict_proba", "predict_log_proba"):
            step.leaves_out(method, "the input is sparse", "give it dense rows")
        return methods
    log_proba = ops.Link(scores, "log_softmax")
    two = len(priors) == 2
    return methods | {
        "decision_function": ops.Linear(scores, Parameter.of(np.array([-1.0, 1.0]))) if two else scores,
        "predict_proba": ops.Elementwise(log_proba, "exp"),
        "predict_log_proba": log_proba,
    }


def _deviation(estimator: Any) -> np.ndarray:
    """Return the deviation of each feature within the classes; one if it is zero."""
    return np.where(estimator.within_class_std_dev_ != 0, estimator.within_class_std_dev_, 1.0)


def _discriminants(estimator: Any, x: Node, metric: str) -> Node:
    """Return twice the logarithm of each prior minus the squared distance in units of the deviation."""
    deviation = _deviation(estimator)
    scaled = ops.Standardize(x, None, vector(deviation, x.type.columns))
    far = distances(scaled, matrix(estimator.centroids_ / deviation), "squares" if metric == "euclidean" else metric)
    squares = far if metric == "euclidean" else ops.Elementwise(far, "square")
    with np.errstate(divide="ignore"):
        shift = 2.0 * np.log(estimator.class_prior_)
    return ops.Affine(squares, vector(-1.0, len(shift)), Parameter.of(shift))


@imports(neighbors.NeighborhoodComponentsAnalysis)
def neighborhood_components_analysis(estimator: Any, x: Columns, step: Step) -> Methods:
    """``X @ components_.T``."""
    node, components = checked(x, estimator), np.asarray(estimator.components_)
    return {"transform": ops.Linear(node, Parameter.of(np.ascontiguousarray(components.T)))}


@divides(neighbors.NearestCentroid)
def _compares_with_centroids(model: Any, rounded: bool) -> float:
    deviation = np.asarray(model.within_class_std_dev_)
    return divides_rounded(np.abs(model.centroids_).max(axis=0) + deviation, deviation, rounded)
