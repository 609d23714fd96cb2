"""Preprocessing operators of ``ai.onnx.ml``: scale, impute, normalize, binarize and concatenate features."""

from __future__ import annotations

from math import prod

import numpy as np

from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.products import as_floats, features
from pretzel.importers.onnx.reductions import reduce
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Rows, check_size, concat, constant, vector
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@converts("ai.onnx.ml", "Scaler")
def scaler(site: Site) -> Rows:
    """Compute ``(x - offset) * scale`` as float32."""
    x = as_floats(site.numbers(0))
    offset, scale = site.floats("offset"), site.floats("scale")
    node = x.node
    if offset is not None and offset.any():
        node = ops.Standardize(x.dense, _each(site, x, offset), None)
    if scale is not None:
        node = ops.Affine(node, _each(site, x, scale))
    return x.of(cast(node, "f32"))


def _each(site: Site, x: Rows, values: np.ndarray) -> Parameter:
    """Return one number per column, from one for all columns or one for each."""
    _check_count(site, x, values)
    width = x.node.type.columns
    return vector(np.tile(values, width // len(values)), width, x.dtype)


def _check_count(site: Site, x: Rows, values: np.ndarray) -> None:
    """Check for one number for all columns, or one for each of a list of features."""
    if len(values) not in (1, x.node.type.columns):
        raise ValueError(f"{len(values)} numbers for {list(x.tail)} columns")
    if len(values) > 1 and len(x.tail) != 1:
        raise site.refuse("ONNX does not define the dimension of its numbers", "give it one list of features per row")


@converts("ai.onnx.ml", "Imputer")
def imputer(site: Site) -> Rows:
    """Replace one value, which may be NaN, by a value per column."""
    x = site.numbers(0, "f32", "f64", "i64")
    floats, whole = site.floats("imputed_value_floats"), site.integers("imputed_value_int64s")
    replaced_float = site.number("replaced_value_float", 0.0)
    replaced_whole = site.integer("replaced_value_int64", 0)
    is_float = x.dtype != "i64"
    fill = floats if is_float else whole
    width = x.node.type.columns
    if fill is None:
        raise ValueError(f"0 values for {width} columns of {x.dtype}")
    _check_count(site, x, fill)
    values = np.tile(fill, width // len(fill)).astype(x.node.type.numpy)
    missing = float(np.float32(replaced_float)) if is_float else float(replaced_whole)
    if not is_float and int(missing) != replaced_whole:
        raise site.refuse(f"it replaces {replaced_whole}, which float64 does not hold", "replace a smaller number")
    return x.of(ops.Impute(x.dense, Parameter.of(values), missing))


@converts("ai.onnx.ml", "Normalizer")
def normalizer(site: Site) -> Rows:
    """Divide each row by its L2 or L1 norm, or by its maximum."""
    x, norm = features(site), site.text("norm", "MAX")
    if norm not in ("MAX", "L1", "L2"):
        raise ValueError(f"norm {norm[:40]!r}")
    if x.node.type.layout == "sparse" and norm != "MAX":
        return Rows(cast(ops.Normalize(x.node, norm.lower()), "f32"), x.tail)
    length = _length(x, norm)
    zero, one = (constant(np.array([value], x.node.type.numpy), x) for value in (0, 1))
    divisor = ops.Where(ops.Compare(length, zero, "equal"), one, length)
    return Rows(cast(ops.Arithmetic(x.dense_matrix, divisor, "divide"), "f32"), x.tail)


def _length(x: Rows, norm: str) -> Node:
    places = x.places()[None]
    if norm == "MAX":  # of the numbers, not of their magnitudes
        return reduce(x, places, "maximum")
    if norm == "L1":
        return reduce(x.of(ops.Elementwise(x.dense, "abs")), places, "sum")
    return ops.Elementwise(reduce(x.of(ops.Elementwise(x.dense, "square")), places, "sum"), "sqrt")


@converts("ai.onnx.ml", "Binarizer")
def binarizer(site: Site) -> Rows:
    """Return 1 for numbers above the threshold, else 0."""
    x = site.numbers(0)
    limit = float(np.float32(site.number("threshold", 0.0)))
    floats = x.dense if x.dtype in ("f32", "f64") else cast(x.dense, "f64")
    return x.of(cast(ops.Threshold(floats, limit), x.dtype))


@converts("ai.onnx.ml", "FeatureVectorizer")
def feature_vectorizer(site: Site) -> Rows:
    """Concatenate inputs, each truncated or padded with zeros to the given width."""
    widths = site.integers("inputdimensions")
    count = len(site.inputs)
    if widths is None or len(widths) != count or widths.min() < 0 or widths.max() > 1 << 20:
        raise ValueError(f"{0 if widths is None else len(widths)} widths for {count} inputs")
    check_size((int(widths.sum()),))
    parts = [_of_width(features(site, i), int(width)) for i, width in enumerate(widths)]
    return Rows(cast(concat(parts), "f32"), (int(widths.sum()),))


def _of_width(x: Rows, width: int) -> Node:
    have = prod(x.tail)
    if width <= have:
        return x.pick(np.arange(width))
    return concat([x.node, constant(np.zeros(width - have, x.node.type.numpy), x)])
