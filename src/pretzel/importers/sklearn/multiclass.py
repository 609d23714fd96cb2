"""Multiclass classifiers made of binary ones: one versus rest, one versus one, or by output codes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from sklearn import multiclass

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_VOTES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import Member, cast, members, stacked, total
from pretzel.importers.sklearn.common.vote_ties import may_tie
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(multiclass.OneVsRestClassifier)
def one_vs_rest(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the class with the largest score; for multilabel targets, each label above the threshold."""
    parts = members(step, estimator.estimators_, x)
    methods = {"predict": _chosen(estimator, parts, step)}
    if all("predict_proba" in part.methods for part in parts):
        methods["predict_proba"] = _probabilities(estimator, parts)
    if all("decision_function" in part.methods for part in parts):
        scores = [part.gives("decision_function") for part in parts]
        methods["decision_function"] = scores[0] if len(scores) == 1 else stacked(scores)
    return methods


@imports(multiclass.OneVsOneClassifier)
def one_vs_one(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the votes of all pairs, with the sum of their scores to break ties."""
    if estimator.pairwise_indices_ is not None:
        raise step.refuse("", "its classifiers read a matrix of distances", "fit it on features")
    parts = members(step, estimator.estimators_, x.as_array())
    classes = len(estimator.classes_)
    if classes > 2 and any(map(may_tie, estimator.estimators_)):
        step.may_differ(ROUNDED_VOTES.reason, ROUNDED_VOTES.remedy)
    pairs = list(combinations(range(classes), 2))
    votes = [part.rows(np.eye(classes)[list(pair)]) for part, pair in zip(parts, pairs, strict=True)]
    scores = total([*votes, *_bounded(_confidences(parts, pairs, classes))])
    if classes > 2:
        return {"predict": labelled(ops.ArgMax(scores), estimator.classes_, step), "decision_function": scores}
    second = ops.Column(scores, 1)
    codes = ops.Threshold(second, parts[0].threshold())
    return {"predict": labelled(codes, estimator.classes_, step), "decision_function": second}


@imports(multiclass.OutputCodeClassifier)
def output_code(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the class whose code word is nearest to the scores.

    Probabilities of one half are equally far from two words, and the library then takes either.
    """
    if not all(hasattr(fitted, "decision_function") for fitted in estimator.estimators_):
        raise step.refuse("estimator", "ties of distances are broken by chance", "use one with decision_function")
    scores = stacked([part.score() for part in members(step, estimator.estimators_, x)], "f64")
    book = Parameter.of(np.asarray(estimator.code_book_, np.float64))
    far = ops.Distances(scores, book, "euclidean")
    return {"predict": labelled(ops.ArgMin(far), estimator.classes_, step)}


@imports(multiclass._ConstantPredictor)
def constant_predictor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the constant label that replaces a classifier of one class."""
    part, label = x.parts[0], np.asarray(estimator.y_)
    node = part if isinstance(part, Node) else x.numbers()
    answer = ops.Constant(node, Parameter.of(label))
    pair = np.hstack([1 - label.astype(np.float64), label])[None, :]
    return {"predict": answer, "decision_function": answer, "predict_proba": ops.Constant(node, Parameter.of(pair))}


def _chosen(estimator: Any, parts: list[Member], step: Step) -> Node:
    kind, scores = estimator.label_binarizer_.y_type_, [part.score() for part in parts]
    if kind == "multiclass":
        return labelled(ops.ArgMax(stacked(scores, "f64")), estimator.classes_, step)
    threshold = parts[0].threshold()
    if kind == "binary":
        return labelled(ops.Threshold(cast(scores[0], "f64"), threshold), estimator.classes_, step)
    if estimator.label_binarizer_.sparse_input_:
        raise step.refuse("", "it was fitted on a sparse target and returns one", "fit it on a dense target")
    return ops.Threshold(stacked(scores, "f64"), threshold)


def _probabilities(estimator: Any, parts: list[Member]) -> Node:
    """Return each classifier's probability, normalized to sum to one unless the target is multilabel."""
    second: list[Node] = [ops.Column(part.gives("predict_proba"), 1) for part in parts]
    if len(second) == 1:
        pair = ops.Link(second[0], "complement_pair")
        second = [ops.Column(pair, i) for i in range(2)]
    return stacked(second) if estimator.multilabel_ else _shares(second)


def _shares(parts: Sequence[Node]) -> Node:
    """Return parts divided by their total, however small it is; parts of a zero total stay zero."""
    whole = total(parts)
    divisor = ops.Impute(whole, Parameter.of(np.ones(1, whole.type.numpy)), missing=0.0)
    return stacked([ops.Combine((cast(part, whole.type.dtype), divisor), "quotient") for part in parts])


def _confidences(parts: list[Member], pairs: list[tuple[int, int]], classes: int) -> Node:
    """Return the sum of the scores per class; a pair's score counts negatively for its first class."""
    signs = np.zeros((len(pairs), classes))
    for row, (first, second) in zip(signs, pairs, strict=True):
        row[first], row[second] = -1.0, 1.0
    return ops.Linear(stacked([part.score() for part in parts], "f64"), Parameter.of(signs))


def _bounded(s: Node) -> list[Node]:
    """Return two parts that sum to ``s / (3 * (abs(s) + 1))``: a third of ``1 / (1 + s-) - 1 / (1 + s+)``."""
    width = s.type.columns
    parts: list[Node] = []
    for sign in (-1.0, 1.0):
        side = ops.Elementwise(ops.Affine(cast(s, "f64"), vector(sign, width)), "relu")
        inverse = ops.Elementwise(ops.Affine(side, vector(1.0, width), vector(1.0, width)), "reciprocal")
        parts.append(ops.Affine(inverse, vector(-sign / 3.0, width)))
    return parts
