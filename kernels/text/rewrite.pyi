"""Texts rewritten one by one: other cases, replacements and padding."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Rewrite(Kernel):
    """A kernel that writes a new text for each text."""

class ChangeCase(Rewrite):
    """Each text in another case."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, form: str) -> None: ...

class ReplaceText(Rewrite):
    """Each text with every ``old`` in it replaced by ``new``."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, old: str, new: str) -> None: ...

class PadText(Rewrite):
    """Each text filled up to ``width`` characters."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, width: int, fill: str, side: str) -> None: ...

class SurroundText(Rewrite):
    """Each text between two others."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, before: str, after: str) -> None: ...
