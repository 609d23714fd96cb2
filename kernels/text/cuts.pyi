"""Parts of texts: without the characters at their ends, and slices; they point into the texts."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Cut(Kernel):
    """A kernel that returns a part of each text."""

class StripText(Cut):
    """Each text without the characters of a set at its ends."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, characters: str, side: str) -> None: ...

class SliceText(Cut):
    """The characters from ``start`` to ``stop`` of each text."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, start: int, stop: int) -> None: ...
