"""Features computed from dense numbers: Bin, Products, Power."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Bin(Kernel):
    """The number of edges of its column that each value has reached; NaN reaches all."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, edges: np.ndarray, starts: np.ndarray) -> None: ...

class Products(Kernel):
    """Products of the columns that each row of factors names, from left to right; -1 means no factor."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, factors: np.ndarray) -> None: ...

class Power(Kernel):
    """Power, Box-Cox or Yeo-Johnson transforms of columns, or inverses of those, each column with its exponent."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, exponents: np.ndarray, form: str) -> None: ...
