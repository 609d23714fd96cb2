"""Missing and forbidden values of dense numbers: Impute, MissingIndicator, RequireFinite."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

def describe_rejection(code: int, row: int, column: int, owner: str, dtype: str) -> str:
    """Describe the value as scikit-learn does, with its position."""

class Impute(Kernel):
    """Missing numbers replaced by the fill of their column (``SimpleImputer.transform``)."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: np.ndarray, missing: float, missing_text: str | None = None
    ) -> None: ...

class MissingIndicator(Kernel):
    """One where a value of the listed columns is missing, else zero; a text is missing if it is None or NaN."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray, missing: float, dtype: str
    ) -> None: ...

class RequireFinite(Kernel):
    """x unchanged; rejects infinities, and NaN unless it is allowed (``sklearn.utils.check_array``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, owner: str, allow_nan: bool) -> None: ...
