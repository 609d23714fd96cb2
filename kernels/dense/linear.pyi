"""Dense rows times weights: few sums a row (Dots) or many (Tiles)."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Dots(Kernel):
    """``y = x @ weights.T + bias``, few sums a row: for k below eight."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...

class Tiles(Kernel):
    """``y = x @ weights + bias``, many sums a row: for k of eight and more."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...
