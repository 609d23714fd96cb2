"""Nearest rows, found in a tree."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

METRICS: list[str]

class NearestInTree(Kernel):
    """The nearest rows in the order of their distance, ties as in scikit-learn's trees."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        rows: np.ndarray,
        order: np.ndarray,
        spans: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        count: int,
        metric: str,
        p: float,
    ) -> None: ...
