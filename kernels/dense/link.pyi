"""Scores to probabilities: Link."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Link(Kernel):
    """Scores to probabilities, row by row, in the type of x; each function is the operator's of that name."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...
