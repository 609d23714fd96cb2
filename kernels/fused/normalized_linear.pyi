"""A product and the norm that divides it, in one pass over each row."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel
from pretzel.kernels.sparse.linear import Linear

class NormalizedLinear(Kernel):
    """``(x @ weights) / norm(x) + bias`` in float64; both sums run over the columns of a row in order."""

    linear: Linear | None
    divisor: str

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        weights: np.ndarray,
        norm: str,
        bias: np.ndarray | None = None,
    ) -> None: ...
