"""Texts with every match of a pattern replaced."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Substitute(Kernel):
    """Each text with the tokens of a tokenizer replaced."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, new: str, **tables: Any) -> None: ...
