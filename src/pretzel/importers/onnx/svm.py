"""Support vector machines of ``ai.onnx.ml``: kernels, weighted sums, votes and probabilities."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pretzel.importers.onnx.labels import class_labels, label
from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.products import features, linear, singles
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.transforms import transform_of, transformed, two_scores
from pretzel.importers.onnx.values import Rows, check_numbers, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

KERNELS = ("LINEAR", "POLY", "RBF", "SIGMOID")
LEAST = 1e-7
"""The least distance of pair probabilities from 0 and 1."""
MOST_CLASSES = 400
"""Limit on classes, because each pair of classes has a score."""


@converts("ai.onnx.ml", "SVMRegressor")
def svm_regressor(site: Site) -> Rows:
    """Return the weighted sum of the kernels plus an intercept; 1 or -1 for a one-class machine."""
    x = features(site)
    if transform_of(site) != "NONE":
        raise site.refuse("ONNX does not define post_transform of a single score", "apply it in a separate operator")
    count, weights = site.integer("n_supports", 0), _floats(site, "coefficients")
    rho = _floats(site, "rho")
    kernels = _kernels(site, x, _vectors(site, x, count)) if count else x.matrix
    if len(weights) != kernels.type.columns or len(rho) != 1:
        raise ValueError(f"{len(weights)} coefficients for {kernels.type.columns} terms")
    scores = cast(linear(kernels, weights[:, None], rho), "f32")
    if site.integer("one_class", 0):
        one, minus = (constant(np.array([value], np.float32), x) for value in (1, -1))
        zero = constant(np.zeros(1, np.float32), x)
        scores = ops.Where(ops.Compare(zero, scores, "less"), one, minus)
    return Rows(scores, (1,))


@converts("ai.onnx.ml", "SVMClassifier")
def svm_classifier(site: Site) -> tuple[Rows, Rows]:
    """Return the class with most pair votes, or the largest score of a linear machine; scores or probabilities."""
    x, transform = singles(site), transform_of(site)
    labels = class_labels(site, "classlabels_ints")
    if labels is None or not 2 <= len(labels) <= MOST_CLASSES:
        raise site.refuse(f"it has {0 if labels is None else len(labels)} labels", f"give it 2 to {MOST_CLASSES}")
    counts = site.integers("vectors_per_class")
    if counts is None or not counts.sum():
        return _linear_machine(site, x, labels, transform)
    slopes, shifts = site.floats("prob_a"), site.floats("prob_b")
    pairs = _pairs(site, x, counts, len(labels))
    if slopes is None or shifts is None:
        return _by_votes(site, pairs, labels, transform)
    probabilities = _probabilities(pairs, slopes, shifts)
    chosen = label(ops.ArgMax(_votes(pairs, len(labels))), labels)
    return chosen, Rows(transformed(probabilities, transform), (len(labels),))


def _linear_machine(site: Site, x: Rows, labels: Parameter, transform: str) -> tuple[Rows, Rows]:
    """Return one sum per class, all with the first intercept."""
    classes, weights, rho = len(labels), _floats(site, "coefficients"), _floats(site, "rho")
    site.without_effect("kernel_type", "kernel_params", "support_vectors", "prob_a", "prob_b")  # it has no vectors
    if len(weights) != classes * x.tail[0]:
        raise ValueError(f"{len(weights)} coefficients for {classes} classes of {x.tail[0]} features")
    scores = cast(linear(x.matrix, weights.reshape(classes, -1).T, np.resize(rho[:1], classes)), "f32")
    return label(ops.ArgMax(scores, "first"), labels), Rows(transformed(scores, transform), (classes,))


def _by_votes(site: Site, pairs: Rows, labels: Parameter, transform: str) -> tuple[Rows, Rows]:
    """Return the scores of the pairs; the single score of two classes is used for both."""
    chosen = label(ops.ArgMax(_votes(pairs, len(labels))), labels)
    if len(labels) > 2:
        return chosen, Rows(transformed(pairs.node, transform), pairs.tail)
    if transform not in ("NONE", "LOGISTIC"):
        raise site.refuse(f"ONNX does not define {transform} of a single score", "use no transform")
    score = Rows(pairs.node, (1,)).single
    return chosen, Rows(two_scores(score, transform, of_probability=False), (2,))


def _floats(site: Site, name: str) -> np.ndarray:
    values = site.floats(name)
    if values is None:
        raise ValueError(f"it has no {name}")
    return values


def _vectors(site: Site, x: Rows, count: int) -> np.ndarray:
    vectors = _floats(site, "support_vectors")
    if count < 1 or len(vectors) != count * x.tail[0]:
        raise ValueError(f"{len(vectors)} numbers do not make {count} support vectors of {x.tail[0]} features")
    return vectors.reshape(count, x.tail[0])


def _kernels(site: Site, x: Rows, vectors: np.ndarray) -> Node:
    """Return the kernel of each row with each support vector."""
    name = site.text("kernel_type", "LINEAR")
    gamma, coef0, degree = (*(site.attribute("kernel_params") or []), 0.0, 0.0, 0.0)[:3]
    if name not in KERNELS:
        raise site.refuse(f"its kernel is {name[:40]!r}", f"expected one of {', '.join(KERNELS)}")
    count, dtype = len(vectors), x.dtype
    if name == "RBF":
        squares = ops.Distances(x.dense_matrix, Parameter.of(vectors.astype(x.node.type.numpy)), "squares")
        return ops.Elementwise(ops.Affine(squares, vector(-gamma, count, dtype)), "exp")
    products = linear(x.matrix, vectors.T)
    if name == "LINEAR":
        return products
    scaled = ops.Affine(products, vector(gamma, count, dtype), vector(coef0, count, dtype))
    if name == "SIGMOID":
        return ops.Elementwise(scaled, "tanh")
    return ops.Arithmetic(scaled, constant(np.array([degree], x.node.type.numpy), x), "power")


def _pairs(site: Site, x: Rows, counts: np.ndarray, classes: int) -> Rows:
    """Return the score of each pair of classes: coefficient row j - 1 for i, row i for j, plus an intercept."""
    total, rho = int(counts.sum()), _floats(site, "rho")
    pairs = list(combinations(range(classes), 2))
    if len(counts) != classes or counts.min() < 0 or len(rho) < len(pairs):
        raise ValueError(f"{len(counts)} counts of vectors and {len(rho)} intercepts for {classes} classes")
    check_numbers(total * len(pairs))
    kernels = _kernels(site, x, _vectors(site, x, total))
    coefficients = _floats(site, "coefficients")
    if len(coefficients) != (classes - 1) * total:
        raise ValueError(f"{len(coefficients)} coefficients for {total} vectors of {classes} classes")
    rows, owner = coefficients.reshape(classes - 1, total), np.repeat(np.arange(classes), counts)
    columns = [np.where(owner == i, rows[j - 1], np.where(owner == j, rows[i], 0)) for i, j in pairs]
    scores = linear(kernels, np.stack(columns, axis=1), rho[: len(pairs)])
    return Rows(cast(scores, "f32"), (len(pairs),))


def _votes(pairs: Rows, classes: int) -> Node:
    """Return the votes of each class: a score above 0 votes for the first of a pair, any other for the second."""
    signs = np.zeros((len(pairs.places()), classes), np.float32)
    for row, (first, second) in zip(signs, combinations(range(classes), 2), strict=True):
        row[first], row[second] = 1, -1
    return linear(cast(ops.Threshold(pairs.node), "f32"), signs, (signs < 0).sum(axis=0))


def _probabilities(pairs: Rows, slopes: np.ndarray, shifts: np.ndarray) -> Node:
    """Return class probabilities coupled from those of the pairs, in float64."""
    width = pairs.tail[0]
    if min(len(slopes), len(shifts)) < width:
        raise ValueError(f"{len(slopes)} slopes for {width} pairs")
    wide = cast(pairs.node, "f64")
    scaled = ops.Affine(wide, vector(-slopes[:width], width, "f64"), vector(-shifts[:width], width, "f64"))
    clipped = ops.Clip(ops.Link(scaled, "sigmoid"), vector(LEAST, width, "f64"), vector(1 - LEAST, width, "f64"))
    return cast(ops.Coupling(clipped), "f32")
