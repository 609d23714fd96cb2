"""Texts scored in one pass, from bytes to the results of linear models."""

from collections.abc import Sequence

from pretzel.kernels.kernel import Kernel
from pretzel.kernels.text.texts import TextKernel

class Score(TextKernel):
    """A fused chain of kernels over texts: tokenizer, counter, changes of the counts, and heads."""

    outputs: int

    def __init__(self, kernels: Sequence[Kernel]) -> None: ...
    @staticmethod
    def size(kernels: Sequence[Kernel]) -> int: ...
