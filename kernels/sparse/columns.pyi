"""Kernels that move sparse columns and change their type: Concat (any part sparse), Select, Cast, Densify, Sparsify."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Concat(Kernel):
    """The columns of all parts concatenated as sparse rows."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...

class Cast(Kernel):
    """The stored numbers as another type."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, dtype: str) -> None: ...

class Select(Kernel):
    """The selected columns of sparse rows, in the order given."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray) -> None: ...

class Densify(Kernel):
    """Sparse rows as dense ones: zeros, or ``absent``, where nothing is stored."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, absent: float = 0.0, repeats: str = "sum") -> None: ...

class Sparsify(Kernel):
    """The nonzero values of dense rows, NaN included (``scipy.sparse.csr_matrix``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
