"""The topics of each row of counts."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Topics(Kernel):
    """Variational inference of a row's topics (``LatentDirichletAllocation``), to the order of its sums."""

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
