"""Kernels of the dense and sparse families."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.costs import Work
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.sizes import Sizes

_TILE = 8  # sums computed in parallel; whole dot products are faster for fewer columns

_PRODUCTS = ("sqeuclidean", "euclidean", "cosine")


def _is_dense(node: Node) -> bool:
    return node.inputs[0].type.layout == "dense"


def _is_toarray(node: Node) -> bool:
    return isinstance(node, ops.Densify) and node.is_toarray


def _is_sparse(node: Node) -> bool:
    return node.inputs[0].type.layout == "sparse"


def _gives_sparse(node: Node) -> bool:
    return node.type.layout == "sparse"


def _gives_dense(node: Node) -> bool:
    return node.type.layout == "dense"


def _takes(*dtypes: str) -> Callable[[Node], bool]:
    return lambda node: _is_dense(node) and node.inputs[0].type.dtype in dtypes


def _is_number(node: Node) -> bool:
    return _gives_dense(node) and node.type.dtype != "str"


def _typed(parameters: Mapping[str, Parameter], dtype: str) -> dict[str, Parameter]:
    """Convert floats to the computation type; parameters that have it already stay the same objects."""
    target = np.float32 if dtype == "f32" else np.float64
    return {name: p if p.dtype == dtype else Parameter.of(p.array.astype(target)) for name, p in parameters.items()}


def _padded(matrix: np.ndarray) -> Parameter:
    """Pad a matrix with zeros to whole tiles of eight columns."""
    return Parameter.of(np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % _TILE))))


def _in_tiles(node: Node) -> Mapping[str, Parameter]:
    typed = _typed(node.parameters, node.type.dtype)
    return typed if node.type.columns % _TILE == 0 else typed | {"weights": _padded(typed["weights"].array)}


def _product(node: Node) -> Mapping[str, Parameter]:
    return _typed(node.parameters, node.type.dtype)


def _transposed(node: Node) -> Mapping[str, Parameter]:
    """Transpose weights ``[width, k]`` for k dot products."""
    typed = _typed(node.parameters, node.type.dtype)
    if len(typed["weights"].shape) == 2:
        typed["weights"] = Parameter.of(np.ascontiguousarray(typed["weights"].array.T))
    return typed


def _with_norms(node: Node) -> Mapping[str, Parameter]:
    """Add the sum of squares of each center, in column order so that it is the same on every machine."""
    assert isinstance(node, ops.Distances)
    # Squared distances of float32 sparse rows are float32 throughout, as in k-means; all others are float64.
    single = _is_sparse(node) and node.metric == "sqeuclidean" and node.type.dtype == "f32"
    centers: Any = node.centers.array.astype(np.float32 if single else np.float64)
    with np.errstate(over="ignore"):
        squares = np.add.accumulate(centers * centers, axis=1)
    norms = squares[:, -1] if centers.shape[1] else np.zeros(len(centers), centers.dtype)
    return {"centers": Parameter.of(centers), "norms": Parameter.of(norms)}


def _in_groups(node: Node) -> Mapping[str, Parameter]:
    """Store the centers in groups of eight, column by column within each group."""
    assert isinstance(node, ops.Distances)
    centers = _padded(node.centers.array.astype(np.float64).T).array
    width, groups = centers.shape[0], centers.shape[1] // _TILE
    by_group = centers.reshape(width, groups, _TILE).transpose(1, 0, 2)
    return {"centers": Parameter.of(np.ascontiguousarray(by_group).reshape(groups, width * _TILE))}


def _transposed_with_norms(node: Node) -> Mapping[str, Parameter]:
    """Transpose the centers to columns, for products in tiles."""
    parameters = dict(_with_norms(node))
    return parameters | {"centers": _padded(parameters["centers"].array.T)}


def _by_products(node: Node) -> bool:
    return _is_dense(node) and isinstance(node, ops.Distances) and node.metric in _PRODUCTS


def _gives_columns(node: Node) -> bool:
    return _is_dense(node) and node.type.width is not None


def _sums_in_lanes(node: Node) -> bool:
    return _is_dense(node) and not (isinstance(node, ops.Linear) and node.in_order)


def _by_differences(node: Node) -> bool:
    return _is_dense(node) and not _by_products(node)


def _whole_tiles(node: Node, sizes: Sizes) -> Work:
    """Include the columns that pad the last tile: they are computed too."""
    read, written = sizes.of(node.inputs[0]), node.type.columns + -node.type.columns % _TILE
    return Work(read, written, read * written)


def _metric(*names: str) -> Callable[[Node], bool]:
    return lambda node: _is_sparse(node) and isinstance(node, ops.Distances) and node.metric in names


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Concat: (
        Binding("concat", "dense.columns:Concat", takes=_gives_dense),
        Binding("concat.sparse", "sparse.columns:Concat", takes=_gives_sparse),
    ),
    ops.Select: (
        Binding("select", "dense.columns:Select", takes=_is_dense),
        Binding("select.sparse", "sparse.columns:Select", takes=_is_sparse),
    ),
    ops.Column: (Binding("column", "dense.columns:Column"),),
    ops.Cast: (
        Binding("cast", "dense.columns:Cast", takes=_is_dense),
        Binding("cast.sparse", "sparse.columns:Cast", takes=_is_sparse),
    ),
    ops.Combine: (Binding("combine", "dense.combine:Combine"),),
    ops.Constant: (Binding("constant", "dense.constant:Constant"),),
    ops.Densify: (
        Binding("densify", "sparse.columns:Densify", takes=_is_toarray),
        Binding("densify.apart", "sparse.columns:Densify"),
    ),
    ops.Sparsify: (Binding("sparsify", "sparse.columns:Sparsify"),),
    ops.Affine: (
        Binding("affine", "dense.scale:Affine", takes=_is_dense),
        Binding("affine.sparse", "sparse.values:Scale", takes=_is_sparse),
    ),
    ops.Standardize: (
        Binding("standardize", "dense.scale:Standardize", takes=_is_dense),
        Binding("standardize.sparse", "sparse.values:Divide", takes=_is_sparse),
    ),
    ops.Elementwise: (
        Binding(
            "elementwise", "dense.elementwise:Elementwise", takes=lambda node: _is_dense(node) and node.type.is_float
        ),
        Binding("elementwise.test", "dense.elementwise:Test", takes=lambda node: not node.type.is_float),
        Binding("elementwise.sparse", "sparse.values:Elementwise", takes=_is_sparse),
    ),
    ops.Clip: (Binding("clip", "dense.scale:Clip"),),
    ops.Impute: (
        Binding(
            "impute", "dense.missing:Impute", takes=_takes("f32", "f64", "i64"), drop=("missing_text", "missing_none")
        ),
        Binding("impute.text", "categories.columns:ImputeText", takes=_takes("str"), drop=("missing",)),
    ),
    ops.MissingIndicator: (
        Binding("missing_indicator", "dense.missing:MissingIndicator", takes=_takes("f32", "f64", "i64", "str")),
    ),
    ops.Normalize: (
        Binding("normalize", "dense.normalize:Normalize", takes=_is_dense),
        Binding("normalize.sparse", "sparse.values:Normalize", takes=_is_sparse),
    ),
    ops.RequireFinite: (
        Binding("require_finite", "dense.missing:RequireFinite", takes=_is_dense),
        Binding("require_finite.sparse", "sparse.values:RequireFinite", takes=_is_sparse),
    ),
    ops.Linear: (
        Binding("linear.dots", "dense.linear:Dots", _sums_in_lanes, _transposed, ("in_order",)),
        Binding("linear.tiles", "dense.linear:Tiles", _gives_columns, _in_tiles, ("in_order",), _whole_tiles),
        Binding("linear.sparse", "sparse.linear:Linear", _is_sparse, _product, ("in_order",)),
    ),
    ops.Distances: (
        Binding("distances.dots", "dense.distances:Dots", _by_products, _with_norms, ("p",)),
        Binding(
            "distances.tiles",
            "dense.distances:Tiles",
            _by_products,
            _transposed_with_norms,
            ("p",),
            _whole_tiles,
        ),
        Binding("distances.groups", "dense.differences:Differences", _by_differences, _in_groups),
        Binding("squared.sparse", "sparse.distances:Squared", _metric("sqeuclidean"), _with_norms, ("p",)),
        Binding("euclidean.sparse", "sparse.distances:Euclidean", _metric("euclidean"), _with_norms, ("p",)),
    ),
    ops.Link: (Binding("link", "dense.link:Link"),),
    ops.Coupling: (Binding("coupling", "dense.coupling:Coupling"),),
    ops.ArgMax: (Binding("arg_max", "dense.labels:ArgMax", takes=_takes("f32", "f64", "i64")),),
    ops.ArgMin: (Binding("arg_min", "dense.labels:ArgMin", takes=_takes("f32", "f64", "i64")),),
    ops.Threshold: (
        Binding("threshold", "dense.labels:Threshold", takes=_is_dense),
        Binding("threshold.sparse", "sparse.values:Threshold", takes=_is_sparse),
    ),
    # Text labels exist only at an output, as codes with a table: no kernel computes them.
    ops.LabelLookup: (Binding("label_lookup", "dense.labels:LabelLookup", takes=_is_number),),
}
