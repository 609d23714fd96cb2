"""Nearest neighbours among the training rows: their votes, their mean, their graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import neighbors
from sklearn.metrics._pairwise_distances_reduction import ArgKmin

from pretzel.importers.columns import Columns
from pretzel.importers.differences import (
    EQUALLY_FAR,
    ROUNDED_DISTANCES,
    ROUNDED_NEIGHBORS,
    ROUNDED_RANKS,
    ROUNDED_ZEROS,
    SHARED_TIES,
    SORTED_TIES,
)
from pretzel.importers.findings import Note, class_name
from pretzel.importers.inputs import Computed
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import is_rounded
from pretzel.importers.sklearn.common.doubts import SEEN, can_tie, cancels, is_exact
from pretzel.importers.sklearn.common.labels import by_target, label_table, labelled
from pretzel.importers.sklearn.common.matrices import checked, is_sparse
from pretzel.importers.sklearn.common.members import cast, divided, stacked
from pretzel.importers.sklearn.common.pairwise import bounded, distances, matrix, power
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_entries(
    neighbors.KNeighborsClassifier,
    neighbors.KNeighborsRegressor,
    neighbors.KNeighborsTransformer,
    alike=False,
)

_METRICS = {
    "l1": "manhattan",
    "cityblock": "manhattan",
    "infinity": "chebyshev",
    **{name: name for name in ("manhattan", "chebyshev", "canberra", "braycurtis", "hamming", "cosine")},
}
_EUCLIDEAN = ("euclidean", "l2", "sqeuclidean")
NEAR = 1e-9
"""The part of a distance that rounding may change."""
OVERFLOWS = 1e150
"""Squares of differences of larger values overflow."""
CHUNK = 256
"""Rows that one thread of the library's search processes at a time (``pairwise_dist_chunk_size``)."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """Distances of each row to each training row, in the form that the library compares."""

    far: ops.Distances
    """Squares of Euclidean distances, sums of powers for Minkowski: a root could make two of them equal."""
    root: float
    """The power that converts a compared value to a distance."""

    def distance(self, far: Node) -> Node:
        """Return values of ``far`` as distances."""
        if self.root == 1.0:
            return far
        return ops.Elementwise(far, "sqrt") if self.root == 0.5 else power(far, self.root)

    def reach(self, radius: float) -> float:
        """Return a radius in the units of ``far``."""
        return float(radius * radius if self.root == 0.5 else radius ** (1.0 / self.root))


def nearness(estimator: Any, x: Columns, step: Step) -> Nearness:
    """Return the distances to ``_fit_X`` by the metric of an estimator.

    Trees and brute force compute the same distances except for rounding.

    Raises:
        UnsupportedError: the metric is a function, or does not read features, or is not supported.
    """
    metric, parameters = estimator.effective_metric_, dict(estimator.effective_metric_params_)
    learned = matrix(estimator._fit_X)
    if (np.abs(learned) > OVERFLOWS).any():
        raise step.refuse("", f"it learned values beyond {OVERFLOWS:g}, whose distances overflow", "scale the features")
    if is_sparse(x.numbers()) and estimator._fit_method != "brute":
        raise step.refuse(
            "", "it was fitted on dense rows and rejects sparse ones", "give it dense rows", about_input=True
        )
    node = cast(checked(x, estimator), "f64")
    if not is_sparse(node):
        node = bounded(node, OVERFLOWS, estimator, f"distances of values beyond {OVERFLOWS:g} overflow; scale them")
    if metric in _EUCLIDEAN and not parameters:
        return Nearness(distances(node, learned, "squares"), 1.0 if metric == "sqeuclidean" else 0.5)
    if metric in ("minkowski", "p") and parameters.keys() <= {"p", "w"} and parameters.get("w") is None:
        p = float(parameters.get("p", 2.0))
        return Nearness(distances(node, learned, "powers", p), 1.0 / p)
    if callable(metric) or metric not in _METRICS or parameters:
        option = "metric_params" if isinstance(metric, str) and metric in ("minkowski", *_METRICS) else "metric"
        raise step.refuse(option, "the distance is not supported", f"use one of {sorted(_METRICS)}")
    return Nearness(distances(node, learned, _METRICS[metric]), 1.0)


@dataclass(frozen=True, slots=True)
class Neighbors:
    """The nearest training rows of each row, nearest first."""

    positions: Node
    distance: Node


def nearest(estimator: Any, x: Columns, step: Step, count: int) -> Neighbors:
    """Return the ``count`` nearest of each row."""
    if not 1 <= count <= estimator.n_samples_fit_:
        raise step.refuse("n_neighbors", f"it has {estimator.n_samples_fit_} training rows", "use at most that many")
    near = nearness(estimator, x, step)
    note_products(estimator, step, weighed=getattr(estimator, "weights", None) == "distance")
    if estimator._tree is None and count < estimator.n_samples_fit_:
        _note_ties(estimator, x, step)
    if is_rounded(near.far.x) and _ranks_by_rounding(estimator, count):
        step.may_differ(ROUNDED_RANKS.reason, ROUNDED_RANKS.remedy)
    positions = _in_tree(estimator, near.far, count) if estimator._tree is not None else ops.Nearest(near.far, count)
    return Neighbors(positions, near.distance(ops.Gather(near.far, positions)))


def _note_ties(estimator: Any, x: Columns, step: Step) -> None:
    """Add a note if the library's brute force may choose other rows at equal distance."""
    learned = estimator._fit_X
    if not can_tie(learned):
        _note_equally_far(estimator, step)
        return
    sparse = hasattr(learned, "tocsr")  # the library sorts queries of another type in part
    if not sparse and learned.dtype.kind == "f":
        _tell_integers(x, step)
    queries = np.zeros((1, learned.shape[1]), x.array().type.numpy)
    if sparse or not ArgKmin.is_usable_for(queries, learned, estimator.effective_metric_):
        step.may_differ(SORTED_TIES.reason, SORTED_TIES.remedy)
    elif estimator.n_samples_fit_ > CHUNK:
        step.may_differ(SHARED_TIES.reason, SHARED_TIES.remedy)
    elif estimator.effective_metric_ in _EUCLIDEAN:
        _note_rounding(learned, step)


def _note_equally_far(estimator: Any, step: Step) -> None:
    """Add a note if a request may hold a row that is equally far from all learned rows."""
    metric, many = estimator.effective_metric_, estimator.n_samples_fit_ > CHUNK
    if metric in ("cosine", "hamming") or (metric in ("canberra", "braycurtis") and many):
        step.may_differ(EQUALLY_FAR.reason, EQUALLY_FAR.remedy)


def _note_rounding(learned: np.ndarray, step: Step) -> None:
    """Add a note if distances of fractions may be rounded: to the model, or for requests if all learned are whole."""
    if not is_exact(learned):
        step.may_differ(ROUNDED_NEIGHBORS.reason, ROUNDED_NEIGHBORS.remedy)
        return
    note = Note(step.path, class_name(step.estimator), ROUNDED_NEIGHBORS.reason, ROUNDED_NEIGHBORS.remedy)
    notes = step.inputs.metadata.setdefault("fractions", [])
    if note.as_map() not in notes:
        notes.append(note.as_map())


def _tell_integers(x: Columns, step: Step) -> None:
    """Record that the library sorts the distances of integers and booleans in part, unlike those of floats."""
    step.inputs.tells_integers = True
    array = x.array()
    if step.inputs.trial and not array.type.is_float:
        step.inputs.computed.append(Computed(array, (), by_column=False, strict=True, reader=step.path))


def _ranks_by_rounding(estimator: Any, count: int) -> bool:
    """Return whether some training row has, but for rounding, its last neighbour and the next at equal distance."""
    if count >= estimator.n_samples_fit_:
        return False
    far = estimator.kneighbors(estimator._fit_X[:SEEN], count + 1)[0][:, -2:]
    return bool((far[:, 1] - far[:, 0] <= NEAR * far[:, 1]).any())


def note_products(estimator: Any, step: Step, *, weighed: bool) -> None:
    """Add notes where the library's Euclidean distances by products differ from those by differences."""
    if estimator._fit_method != "brute" or estimator.effective_metric_ not in _EUCLIDEAN:
        return
    if cancels(estimator._fit_X):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)
    if (weighed or getattr(estimator, "mode", None) == "distance") and not is_exact(estimator._fit_X):
        step.may_differ(ROUNDED_ZEROS.reason, ROUNDED_ZEROS.remedy)


def _in_tree(estimator: Any, far: ops.Distances, count: int) -> Node:
    """Return the neighbours by a search of the estimator's tree, whose order decides among equally far rows."""
    _, order, nodes, bounds = estimator._tree.get_arrays()
    spans = np.stack([nodes["idx_start"], nodes["idx_end"]], axis=1)
    high = bounds[1] if len(bounds) == 2 else np.ascontiguousarray(nodes["radius"])
    return ops.NearestInTree(
        far.x,
        far.centers,
        Parameter.of(order.astype(np.int64)),
        Parameter.of(spans.astype(np.int64)),
        Parameter.of(bounds[0].astype(np.float64)),
        Parameter.of(high.astype(np.float64)),
        count,
        far.metric,
        far.p,
    )


def weighing(estimator: Any, step: Step) -> bool:
    """Return whether near neighbours weigh more than far ones.

    Raises:
        UnsupportedError: the weights are a function.
    """
    if estimator.weights not in (None, "uniform", "distance"):
        raise step.refuse("weights", "it is a function", "use 'uniform' or 'distance'")
    return bool(estimator.weights == "distance")


def _weights(estimator: Any, near: Neighbors, step: Step) -> Node:
    if weighing(estimator, step):
        return ops.Link(near.distance, "inverse_distances")
    return ops.Constant(near.positions, Parameter.of(np.ones((1, near.positions.type.columns))))


@imports(neighbors.KNeighborsClassifier)
def k_neighbors_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """The class with the most votes, or the largest weight, the first of equals; probabilities are shares of the votes.

    With several targets per row, ``predict_proba`` is a list.
    """
    near = nearest(estimator, x, step, estimator.n_neighbors)
    weights = _weights(estimator, near, step)
    if estimator.outputs_2d_:
        columns = zip(estimator._y.T, estimator.classes_, strict=True)
        many = [ops.Blend(near.positions, weights, members(codes, len(classes))) for codes, classes in columns]
        labels = [label(ops.ArgMax(votes), table, step) for votes, table in zip(many, estimator.classes_, strict=True)]
        proba = by_target("predict_proba", [ops.Link(votes, "shares") for votes in many])
        return {"predict": stacked(labels, label_table(estimator.classes_[0], step).dtype)} | proba
    votes = ops.Blend(near.positions, weights, members(estimator._y, len(estimator.classes_)))
    return {
        "predict": labelled(ops.ArgMax(votes), estimator.classes_, step),
        "predict_proba": ops.Link(votes, "shares"),
    }


def members(codes: Any, classes: int) -> Parameter:
    """Return the one-hot classes of the training rows."""
    return Parameter.of(np.eye(classes)[np.asarray(codes)])


def label(codes: Node, classes: Any, step: Step) -> Node:
    """Return labels as numbers, as columns of a matrix."""
    table = label_table(classes, step)
    if table.dtype == "str":
        raise step.refuse("", "a matrix of texts is not served", "encode the targets as numbers")
    return ops.Take(codes, table, -1.0)


@imports(neighbors.KNeighborsRegressor)
def k_neighbors_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """The mean of the neighbours' targets, or the mean weighted by the inverse of their distances."""
    near = nearest(estimator, x, step, estimator.n_neighbors)
    weights = _weights(estimator, near, step)
    if weighing(estimator, step):
        return {"predict": ops.Blend(near.positions, ops.Link(weights, "shares"), targets(estimator))}
    mean = divided(ops.Blend(near.positions, weights, targets(estimator)), estimator.n_neighbors)
    return {"predict": cast(mean, "f32") if estimator._y.dtype == np.float32 else mean}


def targets(estimator: Any) -> Parameter:
    """Return the targets of the training rows."""
    return Parameter.of(np.ascontiguousarray(estimator._y, np.float64))


@imports(neighbors.KNeighborsTransformer)
def k_neighbors_transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """A sparse row of the distances to ``n_neighbors + 1`` rows, or of ones for ``n_neighbors`` rows."""
    connects = estimator.mode == "connectivity"
    near = nearest(estimator, x, step, estimator.n_neighbors + (not connects))
    ones = Parameter.of(np.ones((1, near.positions.type.columns)))
    values = ops.Constant(near.positions, ones) if connects else near.distance
    return {"transform": ops.Scatter(near.positions, values, estimator.n_samples_fit_)}
