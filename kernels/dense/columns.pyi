"""Kernels that move dense columns and change their type: Concat, Select, Column, Cast."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Concat(Kernel):
    """The columns of all parts side by side, each converted to the type of the result (``numpy.hstack``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Cast(Kernel):
    """The same numbers as another type."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, dtype: str) -> None: ...

class Select(Kernel):
    """The columns named, in that order; values of any type, texts too."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray) -> None: ...

class Column(Select):
    """One column of a matrix, one value a row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, index: int) -> None: ...
