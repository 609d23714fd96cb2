"""Kernels that move dense columns and change their type: Concat, Select, Column, Cast."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Concat(Kernel):
    """The columns of all parts concatenated, each converted to the type of the result (``numpy.hstack``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Cast(Kernel):
    """The same numbers as another type."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, dtype: str) -> None: ...

class Select(Kernel):
    """The selected columns, in the order given; values of any type, including texts."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray) -> None: ...

class Column(Select):
    """One column of a matrix, one value per row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, index: int) -> None: ...
