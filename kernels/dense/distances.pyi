"""Distances of dense rows to centers that are made of products."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Dots(Kernel):
    """Distances made of products, few a row: for k below eight."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...

class Tiles(Kernel):
    """Distances made of products, many a row: for k of eight and more."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, norms: np.ndarray, metric: str
    ) -> None: ...
