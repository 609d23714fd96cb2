"""Missing and forbidden values of dense numbers: Impute, MissingIndicator, RequireFinite."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

def describe_refusal(code: int, row: int, column: int, owner: str, dtype: str) -> str:
    """Say what scikit-learn says of such a value, and where it is."""

class Impute(Kernel):
    """Missing numbers replaced by their column's fill (``SimpleImputer.transform``)."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, fill: np.ndarray, missing: float, missing_text: str | None = None
    ) -> None: ...

class MissingIndicator(Kernel):
    """One where a value of the columns listed is missing, else zero; a text is missing when it is None or NaN."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, columns: np.ndarray, missing: float, dtype: str
    ) -> None: ...

class RequireFinite(Kernel):
    """x itself, unless it holds a NaN (where that is refused) or an infinity (``sklearn.utils.check_array``)."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, owner: str, allow_nan: bool) -> None: ...
