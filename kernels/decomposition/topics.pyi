"""Topics of rows of word counts."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Topics(Kernel):
    """Variational inference of a row's topics (``LatentDirichletAllocation``), with the library's order of sums."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        words: np.ndarray,
        prior: float,
        tolerance: float,
        iterations: int,
    ) -> None: ...
