"""Texts in lower case, as ``str.lower`` returns them."""

from typing import Any

from pretzel.kernels.text.texts import TextKernel

class Lowercase(TextKernel):
    """``str.lower`` of each text."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
