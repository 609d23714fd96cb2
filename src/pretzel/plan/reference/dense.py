"""References of the element-wise operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference
from pretzel.plan.reference.columns import pairs_of
from pretzel.plan.values import Csr

_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": lambda x: np.exp(x.astype(np.float64)).astype(x.dtype),  # NumPy's float32 exp has a larger error
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "square": np.square,
    "abs": np.abs,
    "negative": np.negative,
    "reciprocal": np.reciprocal,
    "tanh": np.tanh,
    "relu": lambda x: np.where(x < 0, x.dtype.type(0), x),
    "one_plus_log": lambda x: np.log(x) + x.dtype.type(1),
    "sin": np.sin,
    "cos": np.cos,
    "erf": lambda x: _each(math.erf, x),
    "log2": np.log2,
    "log10": np.log10,
    "exp2": np.exp2,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "cbrt": np.cbrt,
    "expit": lambda x: 1 / (1 + np.exp(-x.astype(np.float64)).astype(x.dtype)),
    "logit": lambda x: _logit(x.astype(np.float64)).astype(x.dtype),
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "signbit": np.signbit,
}


def _each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    return np.array([function(v) for v in x.ravel()], x.dtype).reshape(x.shape)


def _logit(x: np.ndarray) -> np.ndarray:
    """Return ``scipy.special.logit``, which uses another formula around 1/2, where the logarithm is near zero."""
    s = 2 * (x - 0.5)
    return np.where((x < 0.3) | (x > 0.65), np.log(x / (1 - x)), np.log1p(s) - np.log1p(-s))


@reference(ops.Affine)
def affine(node: ops.Affine, x: Any) -> Any:
    """``x *= scale; x += shift``."""
    if isinstance(x, Csr):
        return _with_data(x, (x.data * node.scale.array[x.indices]).astype(x.data.dtype))
    y = x.copy()
    y *= _row(node.scale.array, x)
    if node.shift is not None:
        y += _row(node.shift.array, x)
    return y


@reference(ops.Standardize)
def standardize(node: ops.Standardize, x: Any) -> Any:
    """``x -= mean; x /= scale``."""
    if isinstance(x, Csr):
        scale = np.ones(x.width) if node.scale is None else node.scale.array
        return _with_data(x, (x.data / scale[x.indices]).astype(x.data.dtype))
    y = x.copy()
    if node.mean is not None:
        y -= _row(node.mean.array, x)
    if node.scale is not None:
        y /= _row(node.scale.array, x)
    return y


@reference(ops.Elementwise)
def elementwise(node: ops.Elementwise, x: Any) -> Any:
    """Apply the function to every value, or to every stored one."""
    function = _FUNCTIONS[node.function]
    return _with_data(x, function(x.data)) if isinstance(x, Csr) else function(x)


@reference(ops.Clip)
def clip(node: ops.Clip, x: np.ndarray) -> Any:
    """Return low for values below it, then high for values above it."""
    low, high = (_row(p.array, x).astype(x.dtype) for p in (node.low, node.high))
    raised = np.where(x < low, low, x)
    return np.where(raised > high, high, raised)


@reference(ops.MissingIndicator)
def missing_indicator(node: ops.MissingIndicator, x: Any) -> Any:
    """Return ``isnan(x)`` or ``x == missing``, for some columns."""
    if isinstance(x, list):
        rows = x if node.x.type.width is not None else [[text] for text in x]
        mask = np.array([[not isinstance(text, str) for text in row] for row in rows], bool)
        mask = mask.reshape(len(x), node.x.type.columns)
    else:
        mask = is_missing(x.reshape(len(x), node.x.type.columns), node.missing)
    return mask[:, node.columns.array].astype(node.type.numpy)


def impute_numbers(node: ops.Impute, x: np.ndarray) -> Any:
    """Replace missing values by the fill of their column."""
    return np.where(is_missing(x, node.missing), _row(node.fill.array, x), x)


def is_missing(x: np.ndarray, missing: float) -> Any:
    """Return a mask of the values equal to ``missing``; NaN equals NaN."""
    return np.isnan(x) if missing != missing else x == missing


@reference(ops.Normalize)
def normalize(node: ops.Normalize, x: Any) -> Any:
    """Divide each row by its norm."""
    if isinstance(x, Csr):
        return _with_data(x, _normalized_rows(x, node.norm))
    magnitudes = np.abs(x) if x.ndim == 2 else np.abs(x)[:, None]
    if node.norm == "l1":
        norms = magnitudes.sum(axis=1)
    elif node.norm == "max":
        norms = magnitudes.max(axis=1, initial=0)
    else:
        squares = np.square(magnitudes, dtype=np.float64).cumsum(axis=1)
        total = squares[:, -1:].sum(axis=1)  # zero without columns
        norms = np.sqrt(np.where(total > np.finfo(x.dtype).max, np.inf, total)).astype(x.dtype)
    norms = np.where(norms < 10 * np.finfo(x.dtype).eps, x.dtype.type(1), norms)
    return x / (norms[:, None] if x.ndim == 2 else norms)


@reference(ops.RequireFinite)
def require_finite(node: ops.RequireFinite, x: Any) -> Any:
    """Return x, or raise ``ValueError: Input X contains NaN.``."""
    data = x.data if isinstance(x, Csr) else x
    if np.isinf(data).any() or (np.isnan(data).any() and not node.allow_nan):
        raise InputError(f"Input X of {node.owner} contains NaN or infinity")
    return x


def _normalized_rows(x: Csr, norm: str) -> Any:
    out = [x.data[:0]]
    for row in pairs_of(x):
        values = np.array([value for _, value in row], x.data.dtype)
        size = _size(values, norm)
        out.append((values / size).astype(x.data.dtype) if size != 0 else values)
    return np.concatenate(out)


def _size(values: np.ndarray, norm: str) -> np.float64:
    if norm == "max":
        return np.float64(np.abs(values).max(initial=0))
    terms = np.abs(values) if norm == "l1" else values * values
    total = np.float64(0)
    for term in terms:
        total += np.float64(term)
    return np.sqrt(total) if norm == "l2" else total


def _row(parameter: np.ndarray, x: np.ndarray) -> Any:
    return parameter if x.ndim == 2 else parameter[0]


def _with_data(x: Csr, data: np.ndarray) -> Csr:
    return Csr(data, x.indices, x.starts, x.width)
