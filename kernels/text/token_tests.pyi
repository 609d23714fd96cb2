"""Tests of single tokens: those of a list that pass one of several, and a choice of two for each."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class KeepTokens(Kernel):
    """The tokens of each row that pass one of several tests."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        tests: tuple[str, ...],
        negated: tuple[bool, ...],
        texts: tuple[str, ...],
        least: tuple[int, ...],
        table: Any = None,
        heap: Any = None,
    ) -> None: ...

class ChooseTokens(Kernel):
    """For each token, one of two by several tests."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        tests: tuple[str, ...],
        negated: tuple[bool, ...],
        texts: tuple[str, ...],
        least: tuple[int, ...],
        table: Any = None,
        heap: Any = None,
    ) -> None: ...
