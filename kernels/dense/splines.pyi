"""B-spline bases of columns."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Spline(Kernel):
    """The B-spline basis of each column, its nonzero splines by recursion over the degree (SciPy's ``BSpline``)."""

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
