"""From codes to columns, rows of a table, and texts filled in."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class OneHot(Kernel):
    """A one in the column that each code names."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, width: int, dtype: str) -> None: ...

class Take(Kernel):
    """The row of a table that each code names."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: np.ndarray, default: float) -> None: ...

class ImputeText(Kernel):
    """What means missing among texts replaced, column by column."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: Any, missing_text: str | None, missing_none: bool
    ) -> None: ...
