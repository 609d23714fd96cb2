from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class RequireFiniteProduct(Kernel):
    def __init__(
        self,
        inputs: Any,
        output: Any,
        *,
        weights: np.ndarray,
        bias: np.ndarray,
        mean: np.ndarray,
        scale: np.ndarray,
        limit: np.ndarray,
        owner: str,
    ) -> None: ...
