"""Training rows within a radius: their votes, means and graph, and outliers without any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import neighbors
from sklearn.metrics._pairwise_distances_reduction import RadiusNeighborsClassMode

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_RIM
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import is_rounded
from pretzel.importers.sklearn.common.doubts import SEEN, can_tie, is_exact
from pretzel.importers.sklearn.common.labels import by_target, label_table, labelled
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import cast, stacked
from pretzel.importers.sklearn.common.pairwise import shifted
from pretzel.importers.sklearn.neighbors.nearest import (
    NEAR,
    Nearness,
    label,
    members,
    nearness,
    note_products,
    targets,
    weighing,
)
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(
    neighbors.RadiusNeighborsClassifier,
    neighbors.RadiusNeighborsRegressor,
    neighbors.RadiusNeighborsTransformer,
    alike=False,
)


@dataclass(frozen=True, slots=True)
class Within:
    """The training rows within the radius of each row."""

    weights: Node
    """One column per training row, zero where it is too far."""
    alone: Node
    """One where no training row is near, else zero."""


def within(estimator: Any, x: Columns, step: Step, *, refused: bool = False) -> Within:
    """Return the weights of all rows at most ``radius`` away; ``refused`` rejects a row without any."""
    near = nearness(estimator, x, step)
    _note_rim(estimator, near, step)
    inside = ops.Cast(ops.Threshold(shifted(near.far, -1.0), -near.reach(estimator.radius), True), "f64")
    count: Node = ops.Linear(inside, Parameter.of(np.ones(inside.type.columns)))
    if refused:
        least, most = vector(1.0, 1), vector(float(inside.type.columns), 1)
        reason = "No neighbors found; try a larger radius or a label for outliers"
        count = ops.RequireWithin(count, least, most, type(estimator).__name__, reason=reason)
    alone = ops.Cast(ops.Threshold(shifted(count, -1.0), 0.0, True), "f64")
    if not weighing(estimator, step):
        return Within(inside, alone)
    weights = ops.Link(near.distance(near.far), "inverse_distances")
    return Within(ops.Combine((weights, inside), "product"), alone)


def _note_rim(estimator: Any, near: Nearness, step: Step) -> None:
    """Add notes if distances are computed by products, or rows are rounded, and one may be on the radius."""
    note_products(estimator, step, weighed=getattr(estimator, "weights", None) == "distance")
    euclidean = estimator.effective_metric_ in ("euclidean", "l2", "sqeuclidean")
    if estimator._fit_method == "brute" and euclidean and can_tie(estimator._fit_X) and not is_exact(estimator._fit_X):
        step.may_differ(ROUNDED_RIM.reason, ROUNDED_RIM.remedy)
    elif is_rounded(near.far.x) and _is_on_rim(estimator):
        step.may_differ(ROUNDED_RIM.reason, ROUNDED_RIM.remedy)


def _is_on_rim(estimator: Any) -> bool:
    """Return whether a training row is on the radius around another, but for rounding."""
    rows, radius = estimator._fit_X[:SEEN], estimator.radius
    inner, outer = (estimator.radius_neighbors(rows, radius * edge)[0] for edge in (1 - NEAR, 1 + NEAR))
    return any(len(least) < len(most) for least, most in zip(inner, outer, strict=True))


@imports(neighbors.RadiusNeighborsTransformer)
def radius_neighbors_transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """A sparse row of the distances to all rows within the radius, or of ones."""
    near = nearness(estimator, x, step)
    _note_rim(estimator, near, step)
    positions = ops.Nearest(near.far, estimator.n_samples_fit_, near.reach(estimator.radius))
    if estimator.mode == "connectivity":
        values: Node = ops.Constant(positions, Parameter.of(np.ones((1, positions.type.columns))))
    else:
        values = near.distance(ops.Gather(near.far, positions))
    return {"transform": ops.Scatter(positions, values, estimator.n_samples_fit_)}


@imports(neighbors.RadiusNeighborsRegressor)
def radius_neighbors_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The mean of the targets within the radius, weighted or not; NaN without any."""
    if estimator._y.dtype.kind not in "f":
        raise step.refuse("", "without neighbours it casts NaN to an integer", "fit it on a target of floats")
    neighbours = within(estimator, x, step)
    sums = ops.Linear(neighbours.weights, targets(estimator))
    totals = ops.Linear(neighbours.weights, Parameter.of(np.ones(neighbours.weights.type.columns)))
    predicted = ops.Combine((sums, _repeated(totals, sums.type.width)), "quotient")
    single = estimator._y.dtype == np.float32 and not weighing(estimator, step)
    return {"predict": cast(predicted, "f32") if single else predicted}


def _repeated(x: Node, width: int | None) -> Node:
    """Return one value per row repeated in ``width`` columns."""
    return x if width is None else ops.Linear(x, Parameter.of(np.ones((1, width))))


@imports(neighbors.RadiusNeighborsClassifier)
def radius_neighbors_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class with the most votes, or the largest weight, within the radius; outliers have a separate label."""
    neighbours = within(estimator, x, step, refused=estimator.outlier_label_ is None)
    outliers = estimator.outlier_label_ or [None]
    if estimator.outputs_2d_:
        every = list(zip(estimator._y.T, estimator.classes_, outliers * len(estimator.classes_), strict=False))
        shares = [_shares(neighbours, *each) for each in every]
        decided = [_best(neighbours, *one, *each[1:]) for one, each in zip(shares, every, strict=True)]
        labels = [label(*each, step) for each in decided]
        by_targets = by_target("predict_proba", [one for one, _ in shares])
        return {"predict": stacked(labels, label_table(estimator.classes_[0], step).dtype)} | by_targets
    codes, classes, outlier = estimator._y, estimator.classes_, outliers[0]
    column = _outlier_column(estimator, outlier)
    proba = _probabilities(neighbours, codes, len(classes), column)
    return {"predict": labelled(*_best(neighbours, proba, column, classes, outlier), step), "predict_proba": proba}


def _shares(neighbours: Within, codes: Any, classes: Any, outlier: Any) -> tuple[Node, int | None]:
    """Return the shares of one target's classes, and the column of the outliers' class."""
    column = _place(classes, outlier)
    return _probabilities(neighbours, codes, len(classes), column), column


def _best(neighbours: Within, proba: Node, column: int | None, classes: Any, outlier: Any) -> tuple[Node, Any]:
    """Return the codes and their labels; an outlier label that is not a class has an additional column."""
    if column is not None:
        return ops.ArgMax(proba), classes
    labels = np.append(classes, classes[0] if outlier is None else outlier)
    return ops.ArgMax(ops.Concat((proba, neighbours.alone))), labels.astype(classes.dtype)


def _probabilities(neighbours: Within, codes: Any, classes: int, outlier: int | None) -> Node:
    """Return the shares of the weights; a row without neighbours has a one in the outliers' column, or zeros."""
    votes: Node = ops.Linear(neighbours.weights, members(codes, classes))
    if outlier is not None:
        votes = ops.Sum((votes, ops.Linear(neighbours.alone, Parameter.of(np.eye(classes)[[outlier]]))))
    totals: Node = ops.Linear(votes, Parameter.of(np.ones(classes)))
    if outlier is None:
        totals = ops.Sum((totals, neighbours.alone))
    return ops.Combine((votes, _repeated(totals, classes)), "quotient")


def _outlier_column(estimator: Any, outlier: Any) -> int | None:
    """Return the column of the class that all outliers have, or None.

    If the library counts votes during the search (brute force, equal weights), it compares the option with the
    positions of the classes instead of the classes.  The plan does the same.
    """
    if estimator._fit_method == "brute" and estimator.weights != "distance":
        if estimator.effective_metric_ in RadiusNeighborsClassMode.valid_metrics():
            return _place(np.arange(len(estimator.classes_)), estimator.outlier_label)
    return _place(estimator.classes_, outlier)


def _place(classes: Any, outlier: Any) -> int | None:
    places = [i for i, name in enumerate(classes.tolist()) if name == outlier]
    return places[0] if places else None
