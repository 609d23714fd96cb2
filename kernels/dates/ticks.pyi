"""Fields, arithmetic, units and local times of dates."""

from typing import Any

import numpy as np

from pretzel.kernels.kernel import Kernel

UNITS: dict[str, int]
FIELDS: dict[str, int]

def check_ticks(inputs: tuple[Any, ...], output: Any, count: int, dtype: str) -> None:
    """Reject inputs other than ``count`` columns of one i64 per row, and an output other than one ``dtype`` per row."""

class DatePart(Kernel):
    """A field of each date or span; NaN for NaT."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, unit: str, field: str) -> None: ...

class DateArithmetic(Kernel):
    """The sum or the difference of ticks; NaT if either is NaT."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, function: str) -> None: ...

class DateScale(Kernel):
    """``x // divide * multiply``, rounded down; NaT stays."""

    def __init__(self, inputs: tuple[Any, ...], output: Any, *, multiply: int, divide: int) -> None: ...

class LocalTime(Kernel):
    """The local time of instants; NaT stays."""

    def __init__(
        self,
        inputs: tuple[Any, ...],
        output: Any,
        *,
        transitions: np.ndarray,
        offsets: np.ndarray,
        first: int,
        last: int,
        zone: str,
    ) -> None: ...
