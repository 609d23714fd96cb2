"""The sum of several values, in order, and a bias last."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Sum(Kernel):
    """``parts[0] + parts[1] + ... + bias``, each step rounded to the type of the parts."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, bias: np.ndarray | None = None) -> None: ...
