"""Functions of two values per row: Arithmetic, Compare, Where."""

from typing import Any

from pretzel.kernels.kernel import Kernel

ARITHMETIC: dict[str, int]
COMPARISONS: dict[str, int]
NUMBERS: tuple[str, ...]

def step_of(name: str, kind: Any, output: Any, dtypes: tuple[str, ...]) -> int:
    """Return the step between the values of an input row: 1, or 0 if its one column is repeated."""

class Arithmetic(Kernel):
    """``function(a, b)`` in the type of both; powers use the C library in float64."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Compare(Kernel):
    """``function(a, b)`` as bool."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Where(Kernel):
    """a where the condition holds, else b."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
