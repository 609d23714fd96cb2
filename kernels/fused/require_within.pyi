"""Values that must lie within the limits of their column."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class RequireWithin(Kernel):
    """x itself, unless a value lies outside ``low .. high`` of its column, or is a NaN where that is refused."""

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
