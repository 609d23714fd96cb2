"""Tests of texts, and numbers of them: lengths, counts and places."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class TestText(Kernel):
    """Whether each text has a property."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str, text: str) -> None: ...

class MeasureText(Kernel):
    """A number of each text."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str, text: str) -> None: ...
