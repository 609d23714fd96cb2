"""Parts of texts: splitting, choosing, counting and joining them."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class SplitText(Kernel):
    """The parts of each text between separators, or between runs of white space."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, separator: str, most: int) -> None: ...

class PickToken(Kernel):
    """The token at a position of each row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, index: int) -> None: ...

class CountTokens(Kernel):
    """The number of tokens of each row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class JoinTokens(Kernel):
    """The tokens of each row, with a separator between each two."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, separator: str) -> None: ...
