"""Several values combined into one, element by element."""

from typing import Any

from pretzel.kernels.kernel import Kernel

FUNCTIONS: list[str]

class Combine(Kernel):
    """The first part combined with each of the others in turn, each step rounded to the type of the parts."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...
