"""CatBoost's hashes of values, and one key for a combination of hashes."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class _CategoryHash(Kernel):
    def __init__(self, inputs: tuple[Any, ...], output: Any, *, column: str) -> None: ...

class TextHash(_CategoryHash):
    """The lower half of CityHash64 of each text, signed."""

class NumberHash(_CategoryHash):
    """The hash of the decimal digits of each number."""

class CombineHashes(Kernel):
    """One key for the parts of each row."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
