"""Counts of each vocabulary n-gram per row."""

from typing import Any

import numpy as np

from pretzel.kernels.text.texts import TextKernel

class CountNgrams(TextKernel):
    """Counts of the n-grams of ``low`` to ``high`` units in each row."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        unit: str,
        low: int,
        high: int,
        dtype: str,
        binary: bool,
        table: np.ndarray,
        heap: np.ndarray,
    ) -> None: ...
