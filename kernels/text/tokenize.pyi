"""Tokens of texts: runs of one class of characters, exactly as ``re.findall`` finds them."""

from typing import Any

import numpy as np

from pretzel.kernels.text.texts import TextKernel

class Tokenize(TextKernel):
    """The runs of a class of characters in each text."""

    def __init__(
        self, inputs: tuple[Any, ...], output: Any, *, run: np.ndarray, index: np.ndarray, blocks: np.ndarray
    ) -> None: ...
