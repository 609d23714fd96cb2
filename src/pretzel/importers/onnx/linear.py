"""Linear models of ``ai.onnx.ml``."""

from __future__ import annotations

import numpy as np

from pretzel.importers.onnx.labels import class_labels, label
from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.products import features, linear, singles
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.transforms import transform_of, transformed, transformed_targets, two_scores
from pretzel.importers.onnx.values import Rows
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@converts("ai.onnx.ml", "LinearRegressor")
def linear_regressor(site: Site) -> Rows:
    """Compute ``x W' + b``, then the transform."""
    x, targets, transform = features(site), site.integer("targets", 1), transform_of(site)
    scores = linear(x.node, *_coefficients(site, x, targets))
    return Rows(cast(transformed_targets(site, scores, transform), "f32"), (targets,))


@converts("ai.onnx.ml", "LinearClassifier")
def linear_classifier(site: Site) -> tuple[Rows, ...]:
    """Return the label of the largest score, and the transformed scores."""
    x, transform = singles(site), transform_of(site)
    site.without_effect("multi_class")  # each class has its own score either way
    coefficients = site.floats("coefficients")
    if coefficients is None:
        raise ValueError("it has no coefficients")
    labels = class_labels(site, "classlabels_ints")
    weights, bias = _coefficients(site, x, len(coefficients) // max(1, x.tail[0]))
    scores = cast(linear(x.node, weights, bias), "f32")
    if weights.shape[1] == 1:
        return _from_one_score(site, scores, labels, transform)
    if labels is None or len(labels) != weights.shape[1]:
        raise ValueError(f"{weights.shape[1]} scores for {0 if labels is None else len(labels)} labels")
    return label(ops.ArgMax(scores, "first"), labels), Rows(transformed(scores, transform), (weights.shape[1],))


def _from_one_score(site: Site, scores: Node, labels: Parameter | None, transform: str) -> tuple[Rows, ...]:
    """Return the second of two labels if the one score is positive, and the scores of both."""
    if labels is not None and len(labels) != 2:
        raise site.refuse(f"it has one score and {len(labels)} labels", "give it two labels")
    if transform == "PROBIT":
        raise site.refuse("ONNX does not define PROBIT of a single score", "give each class separate coefficients")
    one = Rows(scores, (1,)).single
    chosen = label(ops.Threshold(one), labels or Parameter.of(np.array([0, 1])))
    if labels is None:
        return chosen, Rows(scores, (1,))
    return chosen, Rows(two_scores(one, transform, of_probability=True), (2,))


def _coefficients(site: Site, x: Rows, targets: int) -> tuple[np.ndarray, np.ndarray | None]:
    weights, bias = site.floats("coefficients"), site.floats("intercepts")
    if weights is None or targets < 1 or len(weights) != targets * x.tail[0]:
        raise ValueError(
            f"{0 if weights is None else len(weights)} coefficients for {targets} targets of {x.tail[0]} features"
        )
    if bias is not None and len(bias) != targets:
        raise ValueError(f"{len(bias)} intercepts for {targets} targets")
    return weights.reshape(targets, x.tail[0]).T, bias
