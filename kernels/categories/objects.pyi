"""Columns of Python objects, held as floats in which one NaN encodes None."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class ImputeObjects(Kernel):
    """Replace missing values by the fill value of their column; None and NaN are different values."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: np.ndarray, missing: float, missing_none: bool
    ) -> None: ...
