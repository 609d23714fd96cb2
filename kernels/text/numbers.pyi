"""Numbers that texts spell."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class ParseNumber(Kernel):
    """The number that each text spells."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
