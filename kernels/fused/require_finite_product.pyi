"""Rows whose product with a matrix must be finite, which is multiplied out only for those that could overflow."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class RequireFiniteProduct(Kernel):
    """x itself, unless ``((x - mean) / scale) @ weights.T + bias`` of a row is not all finite."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        weights: np.ndarray,
        bias: np.ndarray,
        mean: np.ndarray,
        scale: np.ndarray,
        limit: np.ndarray,
        owner: str,
    ) -> None: ...
