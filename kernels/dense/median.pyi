"""The value in the middle of each row, by weight."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class WeightedMedian(Kernel):
    """The first value, in ascending order, up to which half of the weights lie (``AdaBoostRegressor``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray) -> None: ...
