"""Kernels that change the stored values of sparse rows and preserve their columns."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Scale(Kernel):
    """Each value times, or divided by, its column's factor, in float64 rounded to the type of x."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, scale: np.ndarray, divide: bool = False) -> None: ...

class Divide(Scale):
    """``Standardize`` of sparse rows: each value divided by its column's scale."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, scale: np.ndarray | None = None) -> None: ...

class Elementwise(Kernel):
    """A function of every stored value."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Normalize(Kernel):
    """Each row divided by its norm, with the roundings of ``sklearn.utils.sparsefuncs_fast``."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, norm: str) -> None: ...

class Threshold(Kernel):
    """One where a stored value is above ``value`` (or equal, if inclusive), else zero."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, value: float, inclusive: bool) -> None: ...

class RequireFinite(Kernel):
    """x unchanged; rejects stored infinities, and NaN unless it is allowed."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, owner: str, allow_nan: bool) -> None: ...
