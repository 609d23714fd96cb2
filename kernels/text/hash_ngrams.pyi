"""Counts of n-grams per row by hash."""

from typing import Any

from pretzel.kernels.text.texts import TextKernel

class HashNgrams(TextKernel):
    """Counts of the n-grams of ``low`` to ``high`` units by the column they hash to."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        width: int,
        unit: str,
        low: int,
        high: int,
        alternate_sign: bool,
        dtype: str,
        binary: bool,
    ) -> None: ...
