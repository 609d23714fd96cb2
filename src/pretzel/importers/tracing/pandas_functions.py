"""pandas' functions and classes as traced functions see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pretzel.importers.tracing.arrays import SymbolicArray, standing_for
from pretzel.importers.tracing.clocks import TIMESTAMP
from pretzel.importers.tracing.date_functions import to_datetime
from pretzel.importers.tracing.ending import mixes_rows
from pretzel.importers.tracing.series import ROW_LABELS, Part, Symbolic, SymbolicSeries, number
from pretzel.importers.tracing.tables import SymbolicFrame


def _frame(data: Any = None, index: Any = None, columns: Any = None, **options: Any) -> Any:
    """``pandas.DataFrame`` of symbolic columns."""
    if isinstance(data, SymbolicFrame):
        return data[list(columns)] if columns is not None else data.copy()
    if isinstance(data, SymbolicArray) and columns is not None:
        return SymbolicFrame(dict(zip(columns, data.value.columns(), strict=True)))
    if isinstance(data, Mapping) and any(isinstance(x, (SymbolicSeries, SymbolicArray)) for x in data.values()):
        first = next(x for x in data.values() if isinstance(x, (SymbolicSeries, SymbolicArray)))
        anchor = SymbolicFrame({0: number(first)})
        return SymbolicFrame({name: anchor._as_part(column) for name, column in data.items()})
    return pd.DataFrame(data, index, columns, **options)


def _concat(objects: Any, *, axis: Any = 0, **_: Any) -> SymbolicFrame:
    """``pandas.concat`` of columns."""
    if axis not in (1, "columns"):
        raise mixes_rows("pd.concat over rows")
    parts: dict[Any, Part] = {}
    for part in objects:
        parts |= part.parts if isinstance(part, SymbolicFrame) else {part.name: part.part}
    return SymbolicFrame(parts)


def _series(data: Any = None, index: Any = None, name: Any = None, **options: Any) -> Any:
    """``pandas.Series`` of one symbolic column."""
    if isinstance(data, (SymbolicArray, SymbolicSeries)):
        return SymbolicSeries(number(data), name)
    return data if index is ROW_LABELS else pd.Series(data, index=index, name=name, **options)


def _isna(x: Any) -> Any:
    """``pandas.isna``."""
    if isinstance(x, SymbolicArray):
        return np.isnan(x)
    return x.isna() if isinstance(x, Symbolic) else pd.isna(x)


PANDAS = {
    "DataFrame": standing_for(pd.DataFrame, SymbolicFrame, _frame), "concat": _concat,
    "Series": standing_for(pd.Series, SymbolicSeries, _series), "isna": _isna, "isnull": _isna,
    "to_datetime": to_datetime, "Timestamp": TIMESTAMP,
    "notna": lambda x: ~_isna(x), "notnull": lambda x: ~_isna(x),
}  # fmt: skip
"""pandas' functions over symbolic tables."""
