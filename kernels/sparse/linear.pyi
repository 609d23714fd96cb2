"""Sparse rows times weights: each sum in the order of the stored values, as SciPy's ``csr_matvec(s)`` adds."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Linear(Kernel):
    """``y = x @ weights + bias`` with weights ``[width, k]``."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...
