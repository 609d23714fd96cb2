"""Dictionaries of terms: built once on the control plane, mapped and looked up by kernels."""

import numpy as np

class Dictionary:
    """A table and its heap, as :func:`build` returns them."""

    count: int
    longest: int

    def __init__(self, table: np.ndarray, heap: np.ndarray) -> None: ...
    def __len__(self) -> int: ...
    def get(self, term: str) -> int | None: ...

def build(offsets: np.ndarray, utf8: np.ndarray, hash_bits: int = 56) -> tuple[np.ndarray, np.ndarray]: ...
