"""Tree ensembles: forests and boosted trees of every library."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class TreeEnsemble(Kernel):
    """The sum or the mean of the leaves that each row reaches, added in the order of the trees; or each of them."""

    rows_wanted: int

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        aggregate: str,
        nodes: np.ndarray,
        missing_right: np.ndarray,
        roots: np.ndarray,
        leaves: np.ndarray,
        base: np.ndarray,
        group: np.ndarray | None = None,
        categories: np.ndarray | None = None,
        category_range: np.ndarray | None = None,
    ) -> None: ...
