"""Missing values filled in from the nearest rows that have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.impute import KNNImputer

from pretzel.importers.columns import Columns
from pretzel.importers.differences import IMPUTED_TIES, ROUNDED_DISTANCES, ROUNDED_ZEROS
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.doubts import cancels, is_exact, repeats
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.importers.sklearn.common.pairwise import shifted
from pretzel.importers.sklearn.neighbors.nearest import weighing
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NAN = float("nan")


@imports(KNNImputer)
def knn_imputer(estimator: Any, x: Columns, step: Step) -> Methods:
    """Each missing value becomes the mean of the nearest rows' values in its column, by the columns that both have.

    Of equally far rows the library takes those that a partial sort leaves in front, which differ from machine to
    machine; we take the first learned.  Its distances are made of products, so that between equal rows there is what
    rounding left; ours are zero, which shows where the nearest weigh most.
    """
    if estimator.metric != "nan_euclidean":
        raise step.refuse("metric", "it is a function", "use 'nan_euclidean'")
    finds_nan = bool(np.isnan(float(estimator.missing_values)))
    given = checked(x, estimator, allow_nan=finds_nan)
    if is_sparse(given):
        raise step.refuse("", "it refuses sparse rows", "give it dense rows", about_input=True)
    if given.type.dtype == "f32":
        raise step.refuse("", "rounding decides which float32 rows are near", "give it float64 rows", about_input=True)
    marked = given if finds_nan else _marked(given, as_compared(estimator.missing_values, given.type.numpy))
    learned = np.where(estimator._mask_fit_X, NAN, np.asarray(estimator._fit_X, np.float64))
    _note_doubts(estimator, learned, step)
    far = ops.Distances(marked, Parameter.of(learned), "nan_euclidean")
    columns = [_column(estimator, marked, far, learned, i, step) for i in _kept(estimator)]
    return {"transform": ops.Concat(tuple(columns + _indicators(estimator, marked)))}


def _note_doubts(estimator: Any, learned: np.ndarray, step: Step) -> None:
    """Note where another choice of donors, or other weights, are possible."""
    repeated = repeats(learned)
    others = [bool(np.delete(repeated, i).any()) for i in range(len(repeated))]  # a row may lack all columns but one
    chosen = (~np.isnan(learned)).sum(axis=0) > estimator.n_neighbors
    if (chosen & others).any():
        step.may_differ(IMPUTED_TIES.reason, IMPUTED_TIES.remedy)
    if cancels(learned):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)
    if estimator.weights == "distance" and not is_exact(learned):
        step.may_differ(ROUNDED_ZEROS.reason, ROUNDED_ZEROS.remedy)


def _marked(x: Node, missing: float) -> Node:
    """Return x with NaN where it equals what means missing."""
    return ops.Impute(x, Parameter.of(np.full(x.type.columns, NAN, x.type.numpy)), missing)


def _kept(estimator: Any) -> list[int]:
    """Return the columns of the result: all, or those that had a value while fitting."""
    valid = np.asarray(estimator._valid_mask)
    return [i for i in range(len(valid)) if valid[i] or estimator.keep_empty_features]


def _column(estimator: Any, x: Node, far: Node, learned: np.ndarray, i: int, step: Step) -> Node:
    """Return a column with what is missing filled in; where no row is at any distance, with the column's mean."""
    donors = np.flatnonzero(~np.isnan(learned[:, i]))
    if not len(donors):
        return ops.Constant(x, Parameter.of(np.zeros(1)))
    values = learned[donors, i]
    near = far if len(donors) == len(learned) else ops.Select(far, Parameter.of(donors.astype(np.int64)))
    found = ops.Nearest(near, min(estimator.n_neighbors, len(donors)))
    weights = _weights(estimator, ops.Gather(near, found), step)
    totals = ops.Linear(weights, Parameter.of(np.ones(weights.type.columns)))
    mean = ops.Combine((ops.Blend(found, weights, Parameter.of(values)), totals), "quotient")
    average = float(np.asarray(estimator._fit_X)[donors, i].mean())
    return ops.Combine((ops.Column(x, i), mean, ops.Constant(x, vector(average, 1))), "coalesce")


def _weights(estimator: Any, distance: Node, step: Step) -> Node:
    """Return the weights of the nearest, zero where there is no distance."""
    width = distance.type.columns
    if weighing(estimator, step):
        return ops.Impute(ops.Link(distance, "inverse_distances"), vector(0.0, width))
    absent = ops.MissingIndicator(distance, Parameter.of(np.arange(width, dtype=np.int64)))
    return shifted(absent, -1.0, 1.0)


def _indicators(estimator: Any, marked: Node) -> list[Node]:
    if not estimator.add_indicator:
        return []
    features = np.asarray(estimator.indicator_.features_, np.int64)
    return [ops.MissingIndicator(marked, Parameter.of(features), NAN)]
