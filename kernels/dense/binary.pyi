"""Functions of two values of a row: Arithmetic, Compare, Where."""

from typing import Any

from pretzel.kernels.kernel import Kernel

ARITHMETIC: dict[str, int]
COMPARISONS: dict[str, int]
NUMBERS: tuple[str, ...]

def step_of(what: str, kind: Any, output: Any, dtypes: tuple[str, ...]) -> int:
    """Return how far apart the values of a row of an input lie: 0 where it has one column for all of the output's."""

class Arithmetic(Kernel):
    """``function(a, b)`` in the type of both; powers through the C library in float64."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Compare(Kernel):
    """Whether ``function(a, b)`` holds."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Where(Kernel):
    """a where the condition holds, else b."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
