"""Values to category codes, by hash tables that are built beforehand."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

def text_table(offsets: np.ndarray, utf8: np.ndarray) -> np.ndarray: ...
def number_table(keys: np.ndarray) -> np.ndarray: ...

class _Lookup(Kernel):
    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        keys: Any,
        table: np.ndarray,
        nan_code: int,
        none_code: int,
        refuse_unknown: bool,
        column: str,
    ) -> None: ...

class TextLookup(_Lookup):
    """The code of each text."""

class NumberLookup(_Lookup):
    """The code of each number."""
