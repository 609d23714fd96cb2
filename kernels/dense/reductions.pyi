"""Several columns reduced to one number: Reduce."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

REDUCTIONS: dict[str, int]

class Reduce(Kernel):
    """For each row of ``columns`` those columns of x reduced from left to right to one number."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray, function: str) -> None: ...
