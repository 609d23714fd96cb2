"""Values that must be within the limits of their column."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class RequireWithin(Kernel):
    """x unchanged; rejects values outside ``low .. high`` of their column, and NaN unless it is allowed."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        low: np.ndarray,
        high: np.ndarray,
        owner: str,
        allow_nan: bool,
        reason: str = "",
    ) -> None: ...
