"""A function, or a test, of every number of a dense value."""

from typing import Any

from pretzel.kernels.kernel import Kernel

FUNCTIONS: dict[str, int]
TESTS: dict[str, int]

class Elementwise(Kernel):
    """``y = function(x)``, in float64 (``exp`` in the type of x), rounded to the type of x."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class Test(Kernel):
    """``y = test(x)`` for each number, as bool."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...
