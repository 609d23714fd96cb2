"""Forests of small trees as bit vectors."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class BitForest(Kernel):
    """The sum or the mean of the leaves that each row reaches, added in the order of the trees; or each of them."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        aggregate: str,
        columns: np.ndarray,
        cuts: np.ndarray,
        rounds: np.ndarray,
        starts: np.ndarray,
        counts: np.ndarray,
        first: np.ndarray,
        leaves: np.ndarray,
        base: np.ndarray,
        group: np.ndarray | None = None,
        sets: np.ndarray | None = None,
        marks: np.ndarray | None = None,
        unit_sets: np.ndarray | None = None,
    ) -> None: ...
