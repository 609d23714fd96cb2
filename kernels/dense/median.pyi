"""The weighted median of each row."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class WeightedMedian(Kernel):
    """The first value, in ascending order, that brings the weights to half of their sum (``AdaBoostRegressor``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray) -> None: ...
