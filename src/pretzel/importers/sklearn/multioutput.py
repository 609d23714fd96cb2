"""Several targets: an independent model for each, or a chain where each model reads the predictions before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import multioutput

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import by_target, side_by_side
from pretzel.importers.sklearn.common.matrices import checked
from pretzel.importers.sklearn.common.members import Member, cast, member, members, stacked
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(multioutput.MultiOutputRegressor)
def multi_output_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return one column per target."""
    return {"predict": stacked([part.gives("predict") for part in members(step, estimator.estimators_, x)])}


@imports(multioutput.MultiOutputClassifier)
def multi_output_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return one column of labels per target, and separate probabilities for each target."""
    parts = members(step, estimator.estimators_, x)
    methods = side_by_side([part.gives("predict") for part in parts])
    if all("predict_proba" in part.methods for part in parts):
        methods |= by_target("predict_proba", [part.gives("predict_proba") for part in parts])
    return methods


@imports(multioutput.RegressorChain)
def regressor_chain(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return one column per target, in the order of the targets."""
    return {"predict": _answers(estimator, _chain(estimator, "predict", x, step), "predict")}


@imports(multioutput.ClassifierChain)
def classifier_chain(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return labels as float64, and the probability or the score of each target's second label."""
    chain = _chain(estimator, estimator.chain_method_, x, step)
    methods = {"predict": _answers(estimator, chain, "predict")}
    if all("predict_proba" in part.methods for part in chain):
        proba = _answers(estimator, chain, "predict_proba")
        methods |= {"predict_proba": proba, "predict_log_proba": ops.Link(proba, "log")}
    if all("decision_function" in part.methods for part in chain):
        methods["decision_function"] = _answers(estimator, chain, "decision_function")
    return methods


def _chain(estimator: Any, method: str, x: Columns, step: Step) -> list[Member]:
    """Import each estimator over x and the predictions of those before it."""
    features: list[Node] = [cast(checked(x, estimator), "f64")]
    chain: list[Member] = []
    for i, fitted in enumerate(estimator.estimators_):
        chain.append(member(step, f"estimators_[{i}]", fitted, Columns.of(stacked(features))))
        features.append(_answer(chain[-1], method))
    return chain


def _answers(estimator: Any, chain: list[Member], method: str) -> Node:
    """Return all predictions as float64, in the order of the targets."""
    places = np.argsort(np.asarray(estimator.order_)).astype(np.int64)
    return ops.Select(stacked([_answer(part, method) for part in chain], "f64"), Parameter.of(places))


def _answer(part: Member, method: str) -> Node:
    """Return one number per row: the label, the score, or the probability of the second of two labels."""
    answer = part.number() if method == "predict" else part.gives(method)
    if answer.type.width is None:
        return answer
    if answer.type.width != 2 or method == "predict":
        raise part.step.refuse("", f"its {method} has {answer.type.width} columns", "use targets of two labels")
    return ops.Column(answer, 1)
