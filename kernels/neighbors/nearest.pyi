"""The smallest values of a row."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Nearest(Kernel):
    """The positions of each row's smallest values, ascending; ties go to the first, and NaN comes last."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, count: int, limit: float, first: bool = False
    ) -> None: ...
