"""Texts without accents."""

from typing import Any

from pretzel.kernels.text.texts import TextKernel

class StripAccents(TextKernel):
    """Each text under NFKD without its combining marks, or without all but ASCII."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, form: str) -> None: ...
