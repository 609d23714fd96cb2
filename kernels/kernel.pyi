"""The base of all kernels: built once, immutable, shared by the programs of many models."""

from typing import Any

class Kernel:
    """One operation over slots."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, **values: Any) -> None: ...
    def describe(self, code: int, row: int, column: int, value: float | str) -> str: ...
