"""Importer of the imputer that fills missing values from the nearest rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.impute import KNNImputer

from pretzel.importers.columns import Columns
from pretzel.importers.differences import IMPUTED_TIES, ROUNDED_DISTANCES, ROUNDED_ZEROS
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.doubts import cancels, is_exact, repeats
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, vector
from pretzel.importers.sklearn.common.pairwise import shifted
from pretzel.importers.sklearn.neighbors.nearest import weighing
from pretzel.importers.sklearn.preprocessing.functions import as_compared
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

widens(KNNImputer)

NAN = float("nan")


@imports(KNNImputer)
def knn_imputer(estimator: Any, x: Columns, step: Step) -> Methods:
    """Each missing value becomes the mean of its column over the nearest rows, by the columns present in both.

    Among equally far rows the library takes those that a partial sort places first, which differ between machines; the
    plan takes the first training rows.  The library's distances are sums of products, so that rounding errors remain
    between equal rows; here they are zero, which shows if the weights are inverse distances.
    """
    if estimator.metric != "nan_euclidean":
        raise step.refuse("metric", "it is a function", "use 'nan_euclidean'")
    finds_nan = bool(np.isnan(float(estimator.missing_values)))
    rows = checked(x, estimator, allow_nan=finds_nan)
    if is_sparse(rows):
        raise step.refuse("", "it rejects sparse rows", "give it dense rows", about_input=True)
    if rows.type.dtype == "f32":
        raise step.refuse("", "rounding decides which float32 rows are near", "give it float64 rows", about_input=True)
    marked = rows if finds_nan else _marked(rows, as_compared(estimator.missing_values, rows.type.numpy))
    learned = np.where(estimator._mask_fit_X, NAN, np.asarray(estimator._fit_X, np.float64))
    _note_doubts(estimator, learned, step)
    far = ops.Distances(marked, Parameter.of(learned), "nan_euclidean")
    columns = [_column(estimator, marked, far, learned, i, step) for i in _kept(estimator)]
    return {"transform": ops.Concat(tuple(columns + _indicators(estimator, marked)))}


def _note_doubts(estimator: Any, learned: np.ndarray, step: Step) -> None:
    """Add notes if the library may choose other donors or weights."""
    repeated = repeats(learned)
    others = [bool(np.delete(repeated, i).any()) for i in range(len(repeated))]  # a row may have one column only
    chosen = (~np.isnan(learned)).sum(axis=0) > estimator.n_neighbors
    if (chosen & others).any():
        step.may_differ(IMPUTED_TIES.reason, IMPUTED_TIES.remedy)
    if cancels(learned):
        step.may_differ(ROUNDED_DISTANCES.reason, ROUNDED_DISTANCES.remedy)
    if estimator.weights == "distance" and not is_exact(learned):
        step.may_differ(ROUNDED_ZEROS.reason, ROUNDED_ZEROS.remedy)


def _marked(x: Node, missing: float) -> Node:
    """Return x with NaN in place of the missing-value marker."""
    return ops.Impute(x, Parameter.of(np.full(x.type.columns, NAN, x.type.numpy)), missing)


def _kept(estimator: Any) -> list[int]:
    """Return the columns of the result: all, or those with a value in the training rows."""
    valid = np.asarray(estimator._valid_mask)
    return [i for i in range(len(valid)) if valid[i] or estimator.keep_empty_features]


def _column(estimator: Any, x: Node, far: Node, learned: np.ndarray, i: int, step: Step) -> Node:
    """Return a column with missing values filled in; with the column's mean if no row has a distance."""
    donors = np.flatnonzero(~np.isnan(learned[:, i]))
    if not len(donors):
        return ops.Constant(x, Parameter.of(np.zeros(1)))
    values = learned[donors, i]
    near = far if len(donors) == len(learned) else ops.Select(far, Parameter.of(donors.astype(np.int64)))
    neighbors = ops.Nearest(near, min(estimator.n_neighbors, len(donors)))
    weights = _weights(estimator, ops.Gather(near, neighbors), step)
    totals = ops.Linear(weights, Parameter.of(np.ones(weights.type.columns)))
    mean = ops.Combine((ops.Blend(neighbors, weights, Parameter.of(values)), totals), "quotient")
    average = float(np.asarray(estimator._fit_X)[donors, i].mean())
    return ops.Combine((ops.Column(x, i), mean, ops.Constant(x, vector(average, 1))), "coalesce")


def _weights(estimator: Any, distance: Node, step: Step) -> Node:
    """Return the weights of the nearest rows, zero for those without a distance."""
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
