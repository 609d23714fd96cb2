"""Stand-ins for classes of dates, whose constructors are traced as constants, and whose clocks end a trace."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import date, datetime
from typing import Any

import numpy as np

from pretzel.importers.tracing.ending import TraceEnd

READING = ("now", "today", "utcnow")


def without_clock(original: type) -> type:
    """Return a class like the original one that does not read the clock."""

    class Meta(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, original)

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            if arguments and isinstance(arguments[0], str) and arguments[0].strip() in READING:
                raise _ends(original, arguments[0])
            return original(*arguments, **options)

        def __getattr__(cls, name: str) -> Any:
            if name in READING:
                raise _ends(original, name)
            return getattr(original, name)

    return Meta(original.__name__, (), {})


def _ends(original: type, name: str) -> TraceEnd:
    remedy = "use a constant date, or send the time of the request as a column"
    return TraceEnd(f"{original.__name__}.{name} reads the clock", remedy)


DATETIME, DATE, DATETIME64 = without_clock(datetime), without_clock(date), without_clock(np.datetime64)
CLOCKS: dict[type, type] = {datetime: DATETIME, date: DATE, np.datetime64: DATETIME64}
"""The stand-in of each class."""
TIMESTAMP: Any = None
if importlib.util.find_spec("pandas"):
    _original = importlib.import_module("pandas").Timestamp
    TIMESTAMP = CLOCKS[_original] = without_clock(_original)
