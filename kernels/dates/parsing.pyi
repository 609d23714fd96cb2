"""Texts to dates by a format of fixed fields."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

class ParseDate(Kernel):
    """The date that each text spells; NaT for missing and empty texts."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, format: str, unit: str, coerce: bool, pieces: np.ndarray
    ) -> None: ...
