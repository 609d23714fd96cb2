"""Columns of Python objects, held as floats of which one NaN stands for None."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class ImputeObjects(Kernel):
    """What means missing replaced by its column's fill, where None and NaN are two values."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: np.ndarray, missing: float, missing_none: bool
    ) -> None: ...
