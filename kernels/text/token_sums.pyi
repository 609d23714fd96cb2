"""One number of the tokens of each row."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class SumTokens(Kernel):
    """The sum of a number of each token."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        table: np.ndarray,
        heap: np.ndarray,
        numbers: np.ndarray,
        default: float,
        compensated: bool,
    ) -> None: ...

class LongestToken(Kernel):
    """The characters of the longest token, or of the shortest."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, shortest: bool) -> None: ...
