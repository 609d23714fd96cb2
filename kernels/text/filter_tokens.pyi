"""Tokens without stop words."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class FilterTokens(Kernel):
    """The tokens that are not in the dictionary of stop words."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: np.ndarray, heap: np.ndarray) -> None: ...
