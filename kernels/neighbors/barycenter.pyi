"""The weights with which the neighbours of a row approximate it best."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Barycenter(Kernel):
    """The solution w of ``(C C' + r) w = 1``, normalized to sum to one; C is the neighbours minus the row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, rows: np.ndarray, regularization: float) -> None: ...
