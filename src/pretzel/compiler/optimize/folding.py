"""Arithmetic on parameters with the same bits on every machine: fixed order, tracked rounding errors, no BLAS.

Each product and sum is one NumPy ufunc over whole arrays, which IEEE 754 defines to the bit.  A BLAS would choose its
order by the CPU, and the digests of folded parameters would depend on it.
"""

from __future__ import annotations

import numpy as np

from pretzel.plan.ops import Affine, Standardize
from pretzel.plan.parameter import Parameter

_SPLIT = 2.0**27 + 1  # halves a float64 into two numbers of 26 bits (Dekker)
SMALLEST = 1e-290
"""Magnitudes above this are normal numbers, and their rounding errors are too."""
LARGEST_ARRAY = 2**25
"""Elements of an array that a rule may create larger than its inputs: a large width alone costs a client nothing."""
LARGEST_SHIFT = 2.0**13
"""Shifts up to this many units of the shifted value are folded: the sum that then cancels loses 2**13 * 2**-52 = 2e-12
of a unit.  Seconds since 1970, centered and divided by a day, would lose 4e-12 of a day; divided by a second, 4e-7."""


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return ``a @ b`` of float64 matrices as if summed in twice the precision, in the order of the inner index."""
    total = np.zeros((a.shape[0], b.shape[1]))
    error = np.zeros_like(total)
    for i in range(a.shape[1]):
        product, product_error = _exact_product(a[:, i, None], b[None, i])
        total, sum_error = _exact_sum(total, product)
        error += product_error + sum_error
    return total + error


def float64(parameter: Parameter) -> np.ndarray:
    """Return the values of a parameter in float64."""
    return parameter.array.astype(np.float64, copy=False)


def matrix(weights: Parameter) -> np.ndarray:
    """Return weights as ``[width, k]`` float64; one dimension becomes one column."""
    array = float64(weights)
    return array if array.ndim == 2 else array.reshape(-1, 1)


def as_affine(scaling: Affine | Standardize) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the float64 scale and shift of ``x * scale + shift``; infinite after division by zero."""
    if isinstance(scaling, Affine):
        return float64(scaling.scale), None if scaling.shift is None else float64(scaling.shift)
    divisor = np.ones(scaling.type.columns) if scaling.scale is None else float64(scaling.scale)
    with np.errstate(all="ignore"):
        return 1 / divisor, None if scaling.mean is None else -float64(scaling.mean) / divisor


def add_bias(bias: Parameter | None, shift: np.ndarray) -> Parameter:
    """Return ``bias + shift`` as a parameter."""
    return Parameter.of(shift.ravel() if bias is None else float64(bias) + shift.ravel())


def scaled_rows(weights: np.ndarray, scale: np.ndarray) -> np.ndarray | None:
    """Return ``weights`` with row i times ``scale[i]``, or None if a product overflows or underflows."""
    with np.errstate(all="ignore"):
        product = weights * scale.reshape(-1, 1)
    magnitudes = np.abs(product)
    normal = (magnitudes > SMALLEST) | (weights == 0) | (scale.reshape(-1, 1) == 0)
    return product if np.isfinite(magnitudes).all() and normal.all() else None


def usable(array: np.ndarray) -> bool:
    """Return whether a folded array kept its precision: no value is infinite, NaN or subnormal."""
    magnitudes = np.abs(array)
    return bool(np.isfinite(magnitudes).all() and ((magnitudes == 0) | (magnitudes > SMALLEST)).all())


def _exact_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _exact_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = a * _SPLIT
    high = scaled - (scaled - a)
    return high, a - high
