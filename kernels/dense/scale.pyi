"""Column-wise arithmetic on dense floats: Affine, Standardize, Clip."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class Affine(Kernel):
    """``x * scale + shift`` (``MinMaxScaler``, idf weights), the product rounded before the sum."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, scale: np.ndarray, shift: np.ndarray | None = None
    ) -> None: ...

class Standardize(Kernel):
    """``(x - mean) / scale``, rounded twice (``StandardScaler.transform``, ``RobustScaler.transform``)."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, mean: np.ndarray | None = None, scale: np.ndarray | None = None
    ) -> None: ...

class Clip(Kernel):
    """Each column clipped to two bounds; NaN stays."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, low: np.ndarray, high: np.ndarray) -> None: ...
