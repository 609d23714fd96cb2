"""Neural networks: layers of a product and an activation, and the restricted Boltzmann machine."""

from __future__ import annotations

from typing import Any

from sklearn import neural_network

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked, product
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node

computes_with("coefs_", neural_network.MLPClassifier, neural_network.MLPRegressor)


@imports(neural_network.MLPRegressor)
def perceptron_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The output of the last layer, or its exponential for counts."""
    return {"predict": _first_if_alone(_forward(estimator, x))}


@imports(neural_network.MLPClassifier)
def perceptron_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The most likely class; for multilabel targets, each label with a probability above one half."""
    outputs = _first_if_alone(_forward(estimator, x))
    proba = ops.Link(outputs, "complement_pair") if outputs.type.width is None else outputs
    return {
        "predict": _chosen(estimator, outputs, step),
        "predict_proba": proba,
        "predict_log_proba": ops.Link(proba, "log"),
    }


@imports(neural_network.BernoulliRBM)
def boltzmann_machine(estimator: Any, x: Columns, step: Step) -> Methods:
    """The probability of each hidden unit; ``score_samples`` is not served because it is random."""
    step.leaves_out("score_samples", "the library flips a random unit of each row", "use transform")
    raw = product(checked(x, estimator), estimator.components_, estimator.intercept_hidden_)
    return {"transform": ops.Link(raw, "sigmoid")}


def _chosen(estimator: Any, outputs: Node, step: Step) -> Node:
    kind, classes = estimator._label_binarizer.y_type_, estimator.classes_
    if estimator._label_binarizer.sparse_input_:
        raise step.refuse("", "it was fitted on a sparse target and returns one", "fit it on a dense target")
    if len(classes) < 2:
        raise step.refuse("", "it was fitted on one class", "fit it on two classes or more")
    if kind == "multiclass":
        return labelled(ops.ArgMax(outputs), classes, step)
    above = ops.Threshold(outputs, 0.5)
    return above if kind.startswith("multilabel") else labelled(above, classes, step)


def _forward(estimator: Any, x: Columns) -> Node:
    """Return the outputs of the last layer."""
    node = checked(x, estimator)
    last = len(estimator.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        activation = estimator.out_activation_ if i == last else estimator.activation
        node = _activated(product(node, weights.T, bias), activation)
    return node


def _activated(x: Node, activation: str) -> Node:
    if activation == "identity":
        return x
    if activation in ("logistic", "softmax"):
        return ops.Link(x, "sigmoid" if activation == "logistic" else "softmax")
    return ops.Elementwise(x, activation)


def _first_if_alone(x: Node) -> Node:
    return ops.Column(x, 0) if x.type.width == 1 else x
