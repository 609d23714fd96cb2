"""Features made of dense numbers: Bin, Products, Power."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Bin(Kernel):
    """How many edges of its column each value has reached; NaN reaches all."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, edges: np.ndarray, starts: np.ndarray) -> None: ...

class Products(Kernel):
    """Products of the columns that each row of factors names, from left to right; -1 is no factor."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, factors: np.ndarray) -> None: ...

class Power(Kernel):
    """A power of each column, its Box-Cox or Yeo-Johnson transform, or an inverse of those, with an exponent each."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, exponents: np.ndarray, form: str) -> None: ...
