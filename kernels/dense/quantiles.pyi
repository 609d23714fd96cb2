"""Quantiles of dense numbers: Interpolate, NormalQuantile, NormalProbability."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Interpolate(Kernel):
    """Linear interpolation between knots, upwards or as the mean of both directions (``QuantileTransformer``)."""

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

class NormalProbability(Kernel):
    """The normal distribution function (``scipy.stats.norm.cdf``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
