"""From scores to labels: ArgMax, ArgMin, Threshold, LabelLookup."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class ArgMax(Kernel):
    """Where the largest value of each row is, the first of equals; a NaN is the largest (``numpy.argmax``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class ArgMin(Kernel):
    """Where the smallest value of each row is, the first of equals; a NaN is the smallest (``numpy.argmin``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Threshold(Kernel):
    """One where x is above a value (or equal, where inclusive), else zero."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, value: float, inclusive: bool) -> None: ...

class LabelLookup(Kernel):
    """The number that each code names, where a model goes on computing with its labels."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, labels: np.ndarray) -> None: ...
