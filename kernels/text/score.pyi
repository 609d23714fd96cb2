"""Texts scored in one pass, from their bytes to the results of linear models."""

from collections.abc import Sequence

from pretzel.kernels.kernel import Kernel
from pretzel.kernels.text.texts import TextKernel

class Score(TextKernel):
    """A chain of kernels over texts: what splits, what counts, what changes the counts, and heads that read those."""

    outputs: int

    def __init__(self, kernels: Sequence[Kernel]) -> None: ...
    @staticmethod
    def size(kernels: Sequence[Kernel]) -> int: ...
