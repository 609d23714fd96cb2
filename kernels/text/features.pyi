"""Rows of named numbers as sparse rows."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Features(Kernel):
    """Rows of names and as many values."""

    def describe(self, code: int, row: int, column: int, value: float | str) -> str: ...

class HashFeatures(Features):
    """Each value in the column of its name's hash."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, width: int, alternate_sign: bool, dtype: str
    ) -> None: ...

class LookupFeatures(Features):
    """Each value in the column of its name in the vocabulary."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, dtype: str, table: np.ndarray, heap: np.ndarray
    ) -> None: ...
