"""Kernel density of each row, estimated from the rows of a tree."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

SHAPES: list[str]

class TreeDensity(Kernel):
    """The logarithm of the sum of a kernel over all rows of a tree, bit for bit as scikit-learn bounds it."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        rows: np.ndarray,
        log_weights: np.ndarray,
        spans: np.ndarray,
        masses: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        total: float,
        kernel: str,
        bandwidth: float,
        norm: float,
        metric: str,
        p: float,
        breadth_first: bool,
    ) -> None: ...
