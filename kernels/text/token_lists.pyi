"""Lists of tokens: one of two for each row, and the distinct tokens of each."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class ChooseLists(Kernel):
    """The tokens of the second input where the first is true, else those of the third."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class UniqueTokens(Kernel):
    """The distinct tokens of each row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
