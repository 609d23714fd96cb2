"""What is known of the neighbours that were found, and what they say together."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Gather(Kernel):
    """The values of each row at positions that are the row's own; NaN where a position is none."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Blend(Kernel):
    """The weighted sum of the table's rows at each row's positions, or the least of weight and entry together."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: np.ndarray, form: str) -> None: ...

class Scatter(Kernel):
    """A sparse row that holds each value at its position; the first, where a position comes twice."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, width: int) -> None: ...
