"""The basis splines of each column."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Spline(Kernel):
    """The basis splines of each column, those that are not zero by recursion over the degree (``BSpline`` of SciPy)."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        knots: np.ndarray,
        degree: int,
        values: np.ndarray | None = None,
        slopes: np.ndarray | None = None,
        periodic: bool = False,
    ) -> None: ...
