"""Dense rows times weights: few sums per row (Dots) or many (Tiles)."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Dots(Kernel):
    """``y = x @ weights.T + bias``, few sums per row: for k below eight."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...

class Tiles(Kernel):
    """``y = x @ weights + bias``, many sums per row: for k of eight and more."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...
