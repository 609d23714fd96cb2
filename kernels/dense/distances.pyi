"""Distances of dense rows to centers: those made of products, and those summed column by column."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Dots(Kernel):
    """Distances made of products, centers ``[k, width]``, for k below eight."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...

class Tiles(Kernel):
    """Distances made of products, for k of eight and more."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...

class Differences(Kernel):
    """Manhattan and Chebyshev distances: the sum, or the largest, of ``|x - c|``; centers ``[k, width]``."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...
