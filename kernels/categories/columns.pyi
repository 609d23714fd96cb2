"""Category codes to columns and table rows, and texts with missing values filled."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class OneHot(Kernel):
    """One-hot columns: a one in the column of each code."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, width: int, dtype: str) -> None: ...

class Take(Kernel):
    """Table rows selected by code."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, table: np.ndarray, default: float) -> None: ...

class ImputeText(Kernel):
    """Missing texts replaced by the fill of their column."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: Any, missing_text: str | None, missing_none: bool
    ) -> None: ...
