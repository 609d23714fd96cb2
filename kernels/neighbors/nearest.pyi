"""Which values of a row are the smallest."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Nearest(Kernel):
    """The positions of each row's smallest values, ascending; of equals the first, and NaN last of all."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, count: int, limit: float, first: bool = False
    ) -> None: ...
