"""Semi-supervised classifiers: propagated labels, and self-training."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import semi_supervised

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked_array
from pretzel.importers.sklearn.common.members import cast
from pretzel.importers.sklearn.common.pairwise import distances, kernel, matrix, note_cancelling
from pretzel.importers.sklearn.neighbors.nearest import nearest
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(semi_supervised.LabelPropagation, semi_supervised.LabelSpreading, alike=False)


@imports(semi_supervised.LabelPropagation, semi_supervised.LabelSpreading)
def label_propagation(estimator: Any, x: Columns, step: Step) -> Methods:
    """The label distributions of near rows, weighted by kernels or equally, normalized to sum to one."""
    columns = checked_array(x, estimator)
    distributions = np.ascontiguousarray(estimator.label_distributions_, np.float64)
    sums = _sums(estimator, columns, Parameter.of(distributions), step)
    classes = distributions.shape[1]
    totals = ops.Linear(sums, Parameter.of(np.ones((classes, classes))))
    proba = ops.Combine((sums, totals), "quotient")
    return {"predict": labelled(ops.ArgMax(proba), estimator.classes_, step), "predict_proba": proba}


@imports(semi_supervised.SelfTrainingClassifier)
def self_training(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the methods of the classifier that was fitted last."""
    return step.enter("estimator", estimator.estimator_, x.as_array())


def _sums(estimator: Any, x: Columns, distributions: Parameter, step: Step) -> Node:
    if estimator.kernel == "knn":
        neighbors = nearest(estimator.nn_fit, x, step, estimator.nn_fit.n_neighbors)
        ones = Parameter.of(np.ones((1, neighbors.positions.type.columns)))
        return ops.Blend(neighbors.positions, ops.Constant(neighbors.positions, ones), distributions)
    rows = x.numbers()
    if rows.type.dtype == "f32" and np.asarray(estimator.X_[:0]).dtype == np.float32 and estimator.kernel == "rbf":
        return ops.Linear(_underflowing(rows, estimator, step), distributions)
    return ops.Linear(kernel(rows, estimator.X_, estimator.kernel, step, gamma=estimator.gamma), distributions)


def _underflowing(rows: Node, estimator: Any, step: Step) -> Node:
    """Return RBF kernels as they are in float32, where those of rows that are far away are zero.

    A row that is far from all learned rows then has no label distribution: zeros divided by their sum.
    """
    centers = matrix(estimator.X_)
    note_cancelling(centers, estimator.gamma, step)
    squares = cast(distances(cast(rows, "f64"), centers, "squares"), "f32")
    width = squares.type.columns
    exponents = ops.Affine(squares, Parameter.of(np.full(width, -estimator.gamma, np.float32)), None)
    return cast(ops.Elementwise(exponents, "exp"), "f64")
