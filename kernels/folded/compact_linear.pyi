from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class CompactLinear(Kernel):
    def __init__(
        self,
        inputs: Any,
        output: Any,
        *,
        weights: np.ndarray,
        norm: str,
        kept: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> None: ...
