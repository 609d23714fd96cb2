"""Texts chosen, joined and written from numbers, and rows of a condition rejected."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class ChooseText(Kernel):
    """The text of the second input where the first is true, else that of the third."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class TextOfCode(Kernel):
    """The text of a table at each code."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: Any) -> None: ...

class ConcatTexts(Kernel):
    """The texts of each row joined to one."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class FormatInteger(Kernel):
    """Each integer in decimal digits."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Require(Kernel):
    """The first input as it is; a row for which the second is false is rejected."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, reason: str) -> None: ...
