"""Importers of numeric feature transformers: bins, polynomials, powers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_POWERS
from pretzel.importers.polars_float32 import widens
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.rounding import reads_thresholds
from pretzel.importers.sklearn.common.doubts import powers_round
from pretzel.importers.sklearn.common.matrices import checked, is_sparse
from pretzel.importers.storage import permutes
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

reads_entries(preprocessing.PolynomialFeatures, alike=False)
widens(preprocessing.KBinsDiscretizer, preprocessing.PolynomialFeatures, preprocessing.PowerTransformer)

SMALLEST = 5e-324


@imports(preprocessing.KBinsDiscretizer)
def k_bins_discretizer(estimator: Any, x: Columns, step: Step) -> Methods:
    """The bin of each value, as a number or one-hot."""
    dtype = None if estimator.dtype is None else DTYPE_NAMES[np.dtype(estimator.dtype)]
    node = checked(x, estimator, dtype)
    inner = [np.asarray(edges, np.float64)[1:-1] for edges in estimator.bin_edges_]
    starts = np.cumsum([0, *map(len, inner)]).astype(np.int64)
    bins = ops.Bin(node, Parameter.of(np.concatenate(inner)), Parameter.of(starts))
    if estimator.encode == "ordinal":
        return {"transform": ops.Cast(bins, node.type.dtype)}
    rows = _one_hot(bins, [int(count) for count in estimator.n_bins_], node.type.dtype)
    return {"transform": rows if estimator.encode == "onehot" else ops.Densify(rows)}


def _one_hot(bins: Node, counts: list[int], dtype: str) -> Node:
    blocks = [ops.OneHot(ops.Column(bins, i), count, dtype) for i, count in enumerate(counts)]
    return ops.Concat(tuple(blocks)) if len(blocks) > 1 else blocks[0]


@imports(preprocessing.PolynomialFeatures)
def polynomial_features(estimator: Any, x: Columns, step: Step) -> Methods:
    """The products of columns, the last factor first, because the library builds each degree from the one below."""
    node = checked(x, estimator)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    if 2 <= estimator._max_degree <= 3 and step.is_given_entries(x):  # the library multiplies CSR rows for these
        step.inputs.ascending["csr"] = "refused" if permutes(node) else "sorted"
    powers = np.asarray(estimator.powers_, np.int64)
    factors = np.full((len(powers), max(int(powers.sum(axis=1).max(initial=0)), 1)), -1, np.int64)
    for row, exponents in zip(factors, powers, strict=True):
        named = np.repeat(np.arange(len(exponents)), exponents)[::-1]
        row[: len(named)] = named
    return {"transform": ops.Products(node, Parameter.of(factors))}


@imports(preprocessing.PowerTransformer)
def power_transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """The power of each column, computed in float64, then standardized."""
    node = checked(x, estimator, allow_nan=True)
    if is_sparse(node):
        raise step.refuse(
            "", "it is given a sparse matrix", "make the step before it give a dense one", about_input=True
        )
    wide = node if node.type.dtype == "f64" else ops.Cast(node, "f64")
    form = estimator.method.replace("-", "_")
    if form == "box_cox":
        wide = _positive(wide)
    curved: Node = ops.Power(wide, Parameter.of(np.asarray(estimator.lambdas_, np.float64)), form)
    back = curved if node.type.dtype == "f64" else ops.Cast(curved, "f32")
    if node.type.dtype == "f32" and form == "yeo_johnson" and powers_round(estimator):
        step.may_differ(ROUNDED_POWERS.reason, ROUNDED_POWERS.remedy)
    if not estimator.standardize:
        return {"transform": back}
    return step.enter("scaler", estimator._scaler, Columns.of(back))


def _positive(x: Node) -> Node:
    width = x.type.columns
    low, high = (Parameter.of(np.full(width, limit)) for limit in (SMALLEST, np.finfo(np.float64).max))
    return ops.RequireWithin(x, low, high, "PowerTransformer", allow_nan=True)


def _bins_unevenly(estimator: Any) -> bool:
    """Return whether bin edges are values of training rows rather than evenly spaced between two of them."""
    bins = getattr(estimator, "bin_edges_", ())  # missing before it is fitted
    return not all(np.allclose(np.diff(edges), np.ptp(edges) / (len(edges) - 1)) for edges in bins)


reads_thresholds(preprocessing.KBinsDiscretizer, compares=_bins_unevenly)
