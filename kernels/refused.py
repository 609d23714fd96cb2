"""The error of a value that a kernel rejects."""

from __future__ import annotations

from typing import Any


class Refused(ValueError):
    """A kernel rejected a value; ``kernel``, ``code``, ``row``, ``column`` and ``value`` describe it."""

    def __init__(self, kernel: Any, code: int, row: int, column: int, value: Any) -> None:
        super().__init__(kernel.describe(code, row, column, value))
        self.kernel, self.code, self.row, self.column, self.value = kernel, code, row, column, value
