"""The end of a trace: its reason, its remedy, and the line of the user's source that caused it."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy as np

ROWS = "a function over rows is served only if each row is computed from that row alone"
LIBRARIES = (str(Path(__file__).parent), str(Path(np.__file__).parent))


class TraceEnd(BaseException):  # so that no `except Exception` of the function hides it
    """A call that has no operator; the caller adds the line of the source."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep the reason (part of a sentence) and the remedy."""
        super().__init__(f"{reason}; {remedy}")
        self.reason, self.remedy = reason, remedy


def mixes_rows(what: str) -> TraceEnd:
    """Return the end of a trace that reads several rows together."""
    return TraceEnd(f"{what} reads several rows together", f"compute it in fit, and use the constant: {ROWS}")


def branches(what: str) -> TraceEnd:
    """Return the end of a trace whose control flow depends on values."""
    return TraceEnd(f"{what} takes one value, and here is one for each row", "use np.where(condition, a, b)")


def unknown(what: str) -> TraceEnd:
    """Return the end of a trace at a call that has no operator."""
    return TraceEnd(
        f"{what} is not traced", "use NumPy's elementwise functions, or compute the column before the model"
    )


def line_of(trace: TracebackType | None, code: CodeType) -> str:
    """Return the last line outside the libraries that a traceback passes: ``features.py:12: `return x.mean()```."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(LIBRARIES)]
    own = [frame for frame in frames if "pandas" not in Path(frame.filename).parts]
    if not own:
        return where(code.co_filename, code.co_firstlineno)
    return where(own[-1].filename, own[-1].lineno or 0)


def where(filename: str, line: int) -> str:
    """Return a place in a source file, with its text if it is there."""
    text = linecache.getline(filename, line).strip()
    return f"{Path(filename).name}:{line}" + (f": `{text:.80}`" if text else "")


def named(function: Any) -> str:
    """Return the name of a function as users write it: ``np.sort``."""
    module, name = getattr(function, "__module__", "") or "", getattr(function, "__name__", str(function))
    return f"np.{name}" if module.startswith("numpy") or isinstance(function, np.ufunc) else name
