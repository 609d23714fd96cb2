"""Quantiles of dense numbers: Interpolate, NormalQuantile."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Interpolate(Kernel):
    """The line between two knots; where both directions are asked for, their mean (``QuantileTransformer``)."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        knots: np.ndarray,
        levels: np.ndarray,
        margin: float,
        upwards: bool = False,
    ) -> None: ...

class NormalQuantile(Kernel):
    """The inverse of the normal distribution function (``scipy.stats.norm.ppf``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
