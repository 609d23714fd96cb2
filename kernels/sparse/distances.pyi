"""Distances of sparse rows to dense centers."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Squared(Kernel):
    """Squared Euclidean: the sum over stored values of ``(x - c)**2 - c**2``, plus ``c.c``, never below zero."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...

class Euclidean(Kernel):
    """``sqrt(-2 x.c + x.x + c.c)`` in float64 in the order of the stored values."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...
