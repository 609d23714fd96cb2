"""Values at the positions of the neighbours, and their combinations."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Gather(Kernel):
    """The values of each row at its own positions; NaN for a position out of range."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Blend(Kernel):
    """The weighted sum of the table's rows at each row's positions, or the minimum of weight and entry together."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: np.ndarray, form: str) -> None: ...

class Scatter(Kernel):
    """A sparse row with each value at its position; of repeated positions the first counts."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, width: int) -> None: ...
