"""Support vector machines: kernels with the support vectors, a product, and libsvm's votes and probabilities."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from sklearn import svm

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_VOTES
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.kernels import note_cancelling_kernels
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.importers.sklearn.common.members import total
from pretzel.importers.sklearn.common.pairwise import kernel, matrix, shifted
from pretzel.importers.sklearn.common.vote_ties import may_tie
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MACHINES = (svm.NuSVC, svm.NuSVR, svm.OneClassSVM, svm.SVC, svm.SVR)
reads_entries(*MACHINES, alike=False)
widens(*MACHINES)

LEAST = 1e-7
"""libsvm keeps the probabilities of pairs this far from zero and one."""


@imports(svm.SVR, svm.NuSVR)
def svr(estimator: Any, x: Columns, step: Step) -> Methods:
    """The weighted sum of the kernels with all support vectors, plus an intercept."""
    return {"predict": ops.Column(_scores(estimator, x, step), 0)}


@imports(svm.OneClassSVM)
def one_class_svm(estimator: Any, x: Columns, step: Step) -> Methods:
    """The same sum; 1 where it is above zero, else -1; ``score_samples`` adds the offset again."""
    score = ops.Column(_scores(estimator, x, step), 0)
    samples = shifted(score, 1.0, float(np.ravel(estimator.offset_)[0]))
    sign = shifted(ops.Cast(ops.Threshold(score), "f64"), 2.0, -1.0)
    return {"predict": ops.Cast(sign, "i64"), "decision_function": score, "score_samples": samples}


@imports(svm.SVC, svm.NuSVC)
def svc(estimator: Any, x: Columns, step: Step) -> Methods:
    """One score for each pair of classes, which votes by its sign; the class with most votes, the first of equals.

    libsvm computes dense products by BLAS, whose last bits differ between machines.  A pair therefore votes as in
    libsvm unless its score is only a rounding error.
    """
    pairs = _scores(estimator, x, step)
    two, one_vs_one = len(estimator.classes_) == 2, estimator.decision_function_shape == "ovo"
    if estimator.break_ties and one_vs_one:
        raise step.refuse("break_ties", "predict fails with decision_function_shape='ovo'", "use break_ties=False")
    if not two and not one_vs_one and may_tie(estimator):
        step.may_differ(ROUNDED_VOTES.reason, ROUNDED_VOTES.remedy)
    ranks = None if two else _one_vs_rest(pairs, len(estimator.classes_))
    codes = ops.ArgMax(_votes(pairs, len(estimator.classes_)) if ranks is None or not estimator.break_ties else ranks)
    methods: Methods = {"predict": labelled(codes, estimator.classes_, step)}
    if two:
        methods["decision_function"] = shifted(ops.Column(pairs, 0), -1.0)
    else:
        methods["decision_function"] = pairs if one_vs_one or ranks is None else ranks
    return methods | _probabilities(estimator, pairs)


def _scores(estimator: Any, x: Columns, step: Step) -> Node:
    """Return libsvm's decision values: one score, or one for each pair of classes."""
    node = checked(x, estimator, "f64")
    if is_sparse(node) and not estimator._sparse:
        raise step.refuse(
            "", "it was fitted on dense rows and rejects sparse ones", "give it dense rows", about_input=True
        )
    vectors, weights = matrix(estimator.support_vectors_), _weights(estimator)
    if not len(vectors):
        vectors, weights = np.zeros((1, node.type.columns)), np.zeros((1, weights.shape[1]))
    parameters = {"gamma": estimator._gamma, "coef0": estimator.coef0, "degree": estimator.degree}
    kernels = kernel(node, vectors, estimator.kernel, step, **parameters)
    note_cancelling_kernels(estimator, node, vectors, parameters, weights, step)
    return ops.Linear(kernels, Parameter.of(weights), Parameter.of(np.array(estimator._intercept_, np.float64)))


def _weights(estimator: Any) -> np.ndarray:
    """Return the weight of each support vector in each score.

    Support vectors are grouped by class; the pair (i, j) reads those of i from row j - 1 of ``dual_coef_``, those of
    j from row i.
    """
    coefficients = matrix(estimator._dual_coef_)
    if not hasattr(estimator, "classes_"):
        return np.ascontiguousarray(coefficients.T)
    owner = np.repeat(np.arange(len(estimator.classes_)), estimator.n_support_)
    pairs = list(combinations(range(len(estimator.classes_)), 2))
    columns = [np.where(owner == i, coefficients[j - 1], np.where(owner == j, coefficients[i], 0.0)) for i, j in pairs]
    return np.stack(columns, axis=1)


def _votes(pairs: Node, classes: int) -> Node:
    """Return the votes for each class: a pair votes for its first class if its score is above zero, else its second."""
    first = ops.Cast(ops.Threshold(pairs), "f64")
    return ops.Linear(first, *_ballots(classes))


def _ballots(classes: int) -> tuple[Parameter, Parameter]:
    """Return weights and bias that count a pair's one for its first class, and its zero as one for its second."""
    signs = _signs(classes)
    return Parameter.of(signs), Parameter.of((signs < 0).sum(axis=0).astype(np.float64))


def _signs(classes: int) -> np.ndarray:
    """Return a row for each pair of classes: 1 in the column of the first and -1 in that of the second."""
    signs = np.zeros((classes * (classes - 1) // 2, classes))
    for row, (first, second) in zip(signs, combinations(range(classes), 2), strict=True):
        row[first], row[second] = 1.0, -1.0
    return signs


def _one_vs_rest(pairs: Node, classes: int) -> Node:
    """Return the votes plus a bounded sum of the scores that breaks ties: ``s / (3 * (abs(s) + 1))``.

    Here a score of zero counts for the first of its pair.
    """
    first = ops.Cast(ops.Threshold(pairs, 0.0, True), "f64")
    sums = ops.Linear(pairs, Parameter.of(_signs(classes)))
    sizes = ops.Affine(ops.Elementwise(sums, "abs"), vector(3.0, classes), vector(3.0, classes))
    return total([ops.Linear(first, *_ballots(classes)), ops.Combine((sums, sizes), "quotient")])


def _probabilities(estimator: Any, pairs: Node) -> Methods:
    """Return the probabilities of the classes, coupled from those of the pairs, if it was fitted with them."""
    if estimator.probability == "deprecated" or not estimator.probability or not len(estimator._probA):
        return {}
    slopes, shifts = (Parameter.of(-np.asarray(each, np.float64)) for each in (estimator._probA, estimator._probB))
    width = pairs.type.columns
    each = ops.Link(ops.Affine(pairs, slopes, shifts), "sigmoid")
    proba = ops.Coupling(ops.Clip(each, vector(LEAST, width), vector(1 - LEAST, width)))
    return {"predict_proba": proba, "predict_log_proba": ops.Link(proba, "log")}
