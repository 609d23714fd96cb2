"""Products with weights stored in fewer bytes than they are computed with."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class CompactLinear(Kernel):
    """``x @ weights + bias``, divided by the norm of x before the bias if a norm is named."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        weights: np.ndarray,
        norm: str,
        kept: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> None: ...
