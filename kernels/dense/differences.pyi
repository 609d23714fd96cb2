"""Distances of dense rows to centers, summed column by column."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

METRICS: list[str]

class Differences(Kernel):
    """Each distance in float64 in the order of the columns, rounded to the type of the result."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, centers: np.ndarray, metric: str, p: float) -> None: ...
