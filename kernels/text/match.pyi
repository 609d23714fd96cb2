"""Tokens of texts by an automaton."""

from typing import Any

import numpy as np

from pretzel.kernels.text.texts import TextKernel

class Match(TextKernel):
    """The matches of ``re.findall`` for a pattern, by its automaton."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        index: np.ndarray,
        blocks: np.ndarray,
        next: np.ndarray,
        accept: np.ndarray,
        moves: np.ndarray,
        sources: np.ndarray,
        widths: np.ndarray,
        again: np.ndarray,
        grouped: np.ndarray,
    ) -> None: ...
