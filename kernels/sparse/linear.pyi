"""Sparse rows times weights: each sum in the order of the stored values, as SciPy's ``csr_matvec(s)`` adds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Linear(Kernel):
    """``y = x @ weights + bias`` with weights ``[width, k]``."""

    width: int
    k: int

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, weights: np.ndarray, bias: np.ndarray | None = None
    ) -> None: ...

class Stack(Kernel):
    """Several :class:`Linear` over one x, each with its own output, in consecutive slots."""

    outputs: int

    def __init__(self, kernels: Sequence[Linear]) -> None: ...
    @staticmethod
    def size(kernels: Sequence[Linear]) -> int: ...
