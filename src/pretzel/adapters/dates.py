"""Conversion of columns of dates and time spans to the ticks that a model reads.

``dates`` in the metadata has the type of each such input (:class:`pretzel.plan.dates.DateForm`).  The columns may be of
pandas, polars, Arrow or NumPy, or lists of dates, spans and ISO 8601 texts; none of these libraries is imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from pretzel.adapters.arrow import is_arrow
from pretzel.adapters.column_forms import reject_forms
from pretzel.adapters.iso import in_unit, ticks_of_text
from pretzel.errors import InputError
from pretzel.plan.dates import NAT, DateForm
from pretzel.plan.ops.dates import UNITS
from pretzel.plan.values import Texts

_EPOCH = datetime(1970, 1, 1)
_ARROW = re.compile(r"(timestamp|duration|date32|date64)\[(\w+)(?:, tz=(.+))?\]")
DAYS = 86_400


def with_ticks(columns: Mapping[str, Any], metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return columns with ticks in place of dates and spans.

    Raises:
        InputError: a column holds other values, of another time zone or a rejected type, or does not fit the model's
            unit.
    """
    forms = metadata.get("dates")
    if not forms:
        return columns
    fixed = metadata.get("dates_in_unit") or ()
    reject_forms({name: column for name, column in columns.items() if name in forms}, metadata)
    read = {
        name: ticks_of(name, columns[name], form, fixed=name in fixed)
        for name, form in forms.items()
        if name in columns
    }
    return {**columns, **read}


def ticks_of(name: str, values: Any, form: str, *, fixed: bool = False) -> np.ndarray:
    """Return a column of dates or spans as ticks of the model's unit.

    ``fixed``: a step computes with the ticks as integers, so that columns of other units have other answers.

    Raises:
        InputError: it holds other values, of another time zone, or does not fit the model's unit.
    """
    wanted = DateForm.parse(form)
    try:
        held = _typed(values)
        if held is None:
            return _each(_listed(values), wanted)
        kind, unit, zone, ticks = held
        _check_kind(wanted, spans=kind == "span", aware=zone is not None, held=_shown(kind, unit, zone))
        if zone is not None and not _same_zone(zone, wanted.zone):
            raise InputError(
                f"expected dates of the time zone {wanted.zone}, got {zone}; the library computes in the time zone of "
                f"the column: convert it, in pandas by .dt.tz_convert({wanted.zone!r})"
            )
        if fixed and unit != wanted.unit:
            raise InputError(
                f"expected the unit {wanted.unit} of the training data, got {unit}: the library computes with "
                f"the integers of the column's unit; convert it, in pandas by .dt.as_unit({wanted.unit!r})"
            )
        return scaled(ticks, unit, wanted.unit, spans=wanted.spans)
    except InputError as error:
        raise InputError(f"column {name!r}: {error}") from None


def scaled(ticks: np.ndarray, unit: str, wanted: str, *, spans: bool = False) -> np.ndarray:
    """Return ticks in another unit; ``D`` is a unit too.

    Raises:
        InputError: a row has digits below that unit, or is out of its range.
    """
    if unit == wanted:
        return ticks
    shown = f"{'m8' if spans else 'M8'}[{unit}]"
    old, new = (1, UNITS[wanted] * DAYS) if unit == "D" else (UNITS[unit], UNITS[wanted])
    if new >= old:
        factor, most = new // old, (2**63 - 1) // (new // old)
        outside = (ticks != NAT) & ((ticks > most) | (ticks < -most))
        _reject(ticks, outside, shown, f"is out of range of the model's unit {wanted}")
        return np.where(ticks == NAT, NAT, np.where(outside, 0, ticks) * factor)
    factor = old // new
    lossy = (ticks != NAT) & (ticks % factor != 0)
    _reject(
        ticks, lossy, shown, f"has digits below the model's unit {wanted}; round it, in pandas by .dt.floor('{wanted}')"
    )
    return np.where(ticks == NAT, NAT, ticks // factor)


def _reject(ticks: np.ndarray, bad: np.ndarray, kind: str, problem: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise InputError(f"row {row}: {ticks[row : row + 1].view(kind)[0]} {problem}")


def _check_kind(wanted: DateForm, *, spans: bool, aware: bool, held: str) -> None:
    if spans != wanted.spans:
        raise InputError(f"expected {'time spans' if wanted.spans else 'dates'} ({wanted}), got {held}")
    if aware and wanted.zone is None:
        raise InputError(f"expected dates without a time zone ({wanted}), got {held}; drop it as in training")
    if not aware and wanted.zone is not None:
        raise InputError(
            f"expected dates with a time zone ({wanted}), got {held}; the model was fitted on instants: localize them, "
            f"in pandas by .dt.tz_localize({wanted.zone!r})"
        )


def _typed(values: Any) -> tuple[str, str, str | None, np.ndarray] | None:
    """Return kind, unit, time zone and ticks of a column that has a type of dates; None for other columns."""
    if is_arrow(values):
        return _of_arrow(values)
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "pyarrow_dtype", None) is not None:
        return _of_arrow(getattr(values, "array", values).__arrow_array__())
    kind = getattr(dtype, "kind", None)
    if kind in ("M", "m"):
        return _of_numpy(values, dtype, kind)
    name = type(dtype).__name__ if dtype is not None else ""
    if name in ("Datetime", "Date", "Duration") or (dtype is not None and str(dtype) == "Date"):
        return _of_polars(values, dtype)
    return None


def _of_numpy(values: Any, dtype: Any, kind: str) -> tuple[str, str, str | None, np.ndarray]:
    zone = getattr(dtype, "tz", None)
    array = getattr(values, "array", values)  # pandas: an array of dates, whose ticks are in UTC
    array = np.asarray(getattr(array, "asi8", array))
    if array.dtype.kind in "Mm":
        unit, count = np.datetime_data(array.dtype)
        if count != 1 or unit not in (*UNITS, "D"):
            array, unit = array.astype(f"{kind}8[s]"), "s"
        array = array.astype(f"{kind}8[{unit}]").view(np.int64)
    else:
        unit = str(dtype.unit) if hasattr(dtype, "unit") else str(np.datetime_data(dtype)[0])
    if array.ndim != 1:
        array = array.reshape(len(array), -1)[:, 0]
    name = None if zone is None else str(dtype).partition(", ")[2].removesuffix("]")
    return "span" if kind == "m" else "date", unit, name, np.ascontiguousarray(array, np.int64)


def _of_polars(values: Any, dtype: Any) -> tuple[str, str, str | None, np.ndarray]:
    kind = "span" if type(dtype).__name__ == "Duration" or str(dtype).startswith("Duration") else "date"
    unit = str(getattr(dtype, "time_unit", None) or "D")
    physical = values.to_physical().cast(type(values)([0]).dtype).fill_null(NAT)
    return kind, unit, getattr(dtype, "time_zone", None), physical.to_numpy()


def _of_arrow(values: Any) -> tuple[str, str, str | None, np.ndarray] | None:
    match = _ARROW.fullmatch(str(values.type))
    if match is None:
        return None
    unit = {"day": "D", "date32": "D"}.get(match[2], match[2])
    width = "int32" if match[1] == "date32" else "int64"
    ticks = values.cast(width).cast("int64").fill_null(NAT).to_numpy(zero_copy_only=False)
    return "span" if match[1] == "duration" else "date", unit, match[3], np.ascontiguousarray(ticks, np.int64)


def _shown(kind: str, unit: str, zone: str | None) -> str:
    if kind == "span":
        return f"time spans of unit {unit}"
    return f"dates of unit {unit}{f' and time zone {zone}' if zone else ' without a time zone'}"


def _same_zone(held: str, wanted: str | None) -> bool:
    """Return whether two names are of one time zone; polars and Arrow spell fixed offsets without ``UTC``."""
    plain = [(name or "").removeprefix("UTC") or "+00:00" for name in (held, wanted)]
    return plain[0] == plain[1] or {held, wanted} <= {"UTC", "Etc/UTC", "Z"}


def _listed(values: Any) -> list[Any]:
    """Return a column without a type of dates as a list.

    Raises:
        InputError: it is of numbers.
    """
    if isinstance(values, Texts):
        return list(values.tolist())
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in ("b", "i", "u", "f", "c") and not _is_all_nan(values):
        raise InputError(f"expected dates, got {values.dtype}; convert them, in pandas by to_datetime(x, unit='s')")
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            listed: list[Any] = getattr(values, method)()
            return listed
    return list(values)


def _is_all_nan(values: Any) -> bool:
    array = np.asarray(values)
    return array.dtype.kind == "f" and bool(np.isnan(array).all())


def _each(values: list[Any], wanted: DateForm) -> np.ndarray:
    """Return the ticks of single dates, spans or texts."""
    ticks = np.empty(len(values), np.int64)
    for row, value in enumerate(values):
        try:
            ticks[row] = _one(value, wanted)
        except InputError as error:
            raise InputError(f"row {row}: {error}") from None
    return ticks


def _one(value: Any, wanted: DateForm) -> int:
    if isinstance(value, (list, np.ndarray)) and len(value) == 1:
        return _one(value[0], wanted)
    if value is None or type(value).__name__ in ("NaTType", "NAType") or value != value:
        return NAT
    if isinstance(value, str):
        return ticks_of_text(value, wanted)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        kind, unit, _, ticks = _of_numpy(np.array([value]), value.dtype, value.dtype.kind)
        _check_kind(wanted, spans=kind == "span", aware=False, held=repr(value))
        return int(scaled(ticks, unit, wanted.unit, spans=wanted.spans)[0])
    if isinstance(value, timedelta):
        _check_kind(wanted, spans=True, aware=False, held=repr(value))
        nanoseconds = (value.days * DAYS + value.seconds) * 10**9 + value.microseconds * 1000
    elif isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        offset = moment.utcoffset()
        _check_kind(wanted, spans=False, aware=offset is not None, held=repr(value))
        since = moment.replace(tzinfo=None) - _EPOCH - (offset or timedelta())
        nanoseconds = (since.days * DAYS + since.seconds) * 10**9 + since.microseconds * 1000
    else:
        raise InputError(f"expected a date or an ISO 8601 text, got {type(value).__name__} {str(value)[:40]!r}")
    return in_unit(nanoseconds + getattr(value, "nanosecond", getattr(value, "nanoseconds", 0)), wanted, str(value))
