"""Rows whose product with a matrix must be finite; it is computed only for rows that could overflow."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class RequireFiniteProduct(Kernel):
    """x unchanged; rejects a row whose ``((x - mean) / scale) @ weights.T + bias`` is not all finite."""

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
