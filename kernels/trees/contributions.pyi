"""Shapley values of the columns that trees read, and of pairs of them."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class TreeContributions(Kernel):
    """The Shapley value of each feature for each output of a forest, and the expected value last."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        aggregate: str,
        interactions: bool,
        width: int,
        nodes: np.ndarray,
        missing_right: np.ndarray,
        roots: np.ndarray,
        leaves: np.ndarray,
        cover: np.ndarray,
        features: np.ndarray,
        bias: np.ndarray,
        points: np.ndarray,
        counts: np.ndarray,
        group: np.ndarray | None = None,
        categories: np.ndarray | None = None,
        category_range: np.ndarray | None = None,
    ) -> None: ...
