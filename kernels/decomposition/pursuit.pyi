"""Sparse coding that chooses one atom of a dictionary after the other."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class MatchingPursuit(Kernel):
    """Orthogonal matching pursuit on products with the atoms (``sklearn.linear_model.orthogonal_mp_gram``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, gram: np.ndarray, count: int) -> None: ...
