"""The weights with which neighbours of a row come nearest to it."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Barycenter(Kernel):
    """The solution w of ``(C C' + r) w = 1``, made to sum to one, C being the neighbours less the row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, rows: np.ndarray, regularization: float) -> None: ...
