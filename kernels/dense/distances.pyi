"""Distances of dense rows to centers, computed from dot products."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Dots(Kernel):
    """Distances from dot products, few per row: for k below eight."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...

class Tiles(Kernel):
    """Distances from dot products, many per row: for k of eight and more."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...
