"""Dense rows divided by their norm."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Normalize(Kernel):
    """``x / norm(x)``, the norm rounded to the type of x."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, norm: str) -> None: ...
