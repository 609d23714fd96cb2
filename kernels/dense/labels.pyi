"""Scores to labels: ArgMax, ArgMin, Threshold, LabelLookup."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class ArgMax(Kernel):
    """The position of the largest value per row; of the first, and NaN is largest by default (``numpy.argmax``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, ties: str = ...) -> None: ...

class ArgMin(Kernel):
    """The position of the smallest value per row; of the first, and NaN is smallest by default (``numpy.argmin``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, ties: str = ...) -> None: ...

class Threshold(Kernel):
    """One where x is above a value (or equal, if inclusive), else zero."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, value: float, inclusive: bool) -> None: ...

class LabelLookup(Kernel):
    """The number for each code, for models that compute with their labels."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, labels: np.ndarray) -> None: ...
