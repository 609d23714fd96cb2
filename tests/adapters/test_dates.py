"""Columns of dates of every library as ticks of a model's unit; what does not fit is rejected by row."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.adapters.dates import scaled, ticks_of
from pretzel.errors import InputError
from pretzel.plan.dates import NAT, DateForm, is_form
from pretzel.plan.values import Texts

DAYS = ["2020-02-29", "1969-12-31", None]
TICKS = [1_582_934_400_000_000, -86_400_000_000, NAT]
STAMPS = pd.Series(pd.to_datetime(DAYS))
SPANS = STAMPS - pd.Timestamp("1970-01-01")
PYTHON = [date(2020, 2, 29), date(1969, 12, 31), None]
UNITS = ["s", "ms", "us", "ns"]
COLUMNS: dict[str, Any] = {
    **{f"pandas {unit}": STAMPS.dt.as_unit(unit) for unit in UNITS},
    **{f"polars {unit}": pl.from_pandas(STAMPS).cast(pl.Datetime(unit)) for unit in UNITS[1:]},
    **{f"arrow {unit}": pa.array(STAMPS).cast(pa.timestamp(unit)) for unit in UNITS},
    "pandas in Arrow": STAMPS.astype("timestamp[ms][pyarrow]"),
    "pandas objects": STAMPS.astype(object),
    "pandas texts": pd.Series(DAYS),
    "an index": pd.DatetimeIndex(STAMPS),
    "polars days": pl.Series(PYTHON),
    "arrow days": pa.array(PYTHON, pa.date32()),
    "arrow milliseconds": pa.array(PYTHON, pa.date64()),
    "arrow chunks": pa.chunked_array([pa.array(PYTHON[:1]), pa.array(PYTHON[1:])]),
    "numpy days": np.array(DAYS, "M8[D]"),
    "numpy hours": np.array(DAYS, "M8[h]"),
    "numpy seconds": np.array(DAYS, "M8[s]"),
    "stamps": STAMPS.tolist(),
    "scalars": [np.datetime64("2020-02-29"), np.datetime64("1969-12-31", "ns"), float("nan")],
    "dates": PYTHON,
    "times": [datetime(2020, 2, 29), datetime(1969, 12, 31), pd.NaT],
    "texts": ["2020-02-29", "1969-12-31T00:00:00.000000000", ""],
    "packed texts": Texts.of(DAYS),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_dates_of_every_library(name: str) -> None:
    got = ticks_of("t", COLUMNS[name], "datetime64[us]")
    assert (got.dtype, got.tolist()) == (np.int64, TICKS)


@pytest.mark.parametrize(
    "column",
    [
        *(SPANS, SPANS.dt.as_unit("ns"), SPANS.tolist(), SPANS.to_numpy(), pl.from_pandas(SPANS)),
        *(pa.array(SPANS), [timedelta(days=18321), timedelta(days=-1), None]),
        ["P18321D", "-P1D", None],
    ],
)
def test_spans_of_every_library(column: Any) -> None:
    assert ticks_of("t", column, "timedelta64[us]").tolist() == TICKS


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "UTC+02:00"])
def test_instants_of_every_library(zone: str) -> None:
    aware = STAMPS.dt.tz_localize("UTC").dt.tz_convert(zone.removeprefix("UTC") or "UTC")
    form = str(aware.dtype)
    arrow = pa.array(aware)
    columns = [aware, aware.tolist(), arrow, ["2020-02-29T02:30:00+02:30", "1969-12-30T19:00-05", "NaT"]]
    if "+" not in zone:
        columns.append(pl.from_pandas(aware))
    for column in columns:
        assert ticks_of("t", column, form).tolist() == TICKS
    hour = timezone(timedelta(hours=1))
    assert ticks_of("t", [datetime(1970, 1, 1, 1, tzinfo=hour)], form).tolist() == [0]


@pytest.mark.parametrize(
    ("column", "form", "problem"),
    [
        (np.array(["2020-01-01", "2020-01-01T00:00:00.5"], "M8[ms]"), "datetime64[s]", "row 1: .* digits below"),
        (np.array(["1000-01-01"], "M8[s]"), "datetime64[ns]", "row 0: 1000-01-01T00:00:00 is out of range"),
        (["3000-01-01"], "datetime64[ns]", "row 0: '3000-01-01' is out of range of the model's unit ns"),
        ([datetime(2020, 1, 1, 0, 0, 0, 5)], "datetime64[ms]", "row 0: '2020-01-01 00:00:00.000005' has digits below"),
        (STAMPS, "timedelta64[us]", r"expected time spans \(timedelta64\[us\]\), got dates of unit us"),
        (SPANS, "datetime64[us]", "expected dates .* got time spans of unit us"),
        ([timedelta(1)], "datetime64[us]", "row 0: expected dates .* got datetime.timedelta"),
        (STAMPS, "datetime64[us, UTC]", r"expected dates with a time zone .* \.dt\.tz_localize\('UTC'\)"),
        (
            STAMPS.dt.tz_localize("UTC"),
            "datetime64[us]",
            "without a time zone .* got dates of unit us and time zone UTC",
        ),
        (STAMPS.dt.tz_localize("UTC"), "datetime64[us, Asia/Tokyo]", r"time zone Asia/Tokyo, got UTC; .*tz_convert"),
        (np.array([1, 2]), "datetime64[us]", "expected dates, got int64; .*to_datetime"),
        ([None, 5], "datetime64[us]", "row 1: expected a date or an ISO 8601 text, got int '5'"),
        (["2020-01-01", "01/02/2020"], "datetime64[us]", "row 1: expected a date like .* got '01/02/2020'"),
        (["2021-02-29"], "datetime64[us]", "row 0: '2021-02-29' is not a date: day is out of range"),
        (["2021-02-28 25:00"], "datetime64[us]", "row 0: .* is not a time of a day"),
        (["tomorrow"], "timedelta64[us]", "row 0: expected a time span like P1DT2H30M"),
    ],
)
def test_other_columns_are_rejected(column: Any, form: str, problem: str) -> None:
    with pytest.raises(InputError, match=f"column 't': .*{problem}"):
        ticks_of("t", column, form)


@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), st.sampled_from(UNITS))
def test_texts_as_pandas_reads_them(moment: datetime, unit: str) -> None:
    stamp = pd.Timestamp(moment).floor(unit)
    want = int(stamp.as_unit(unit).to_numpy().astype(np.int64))
    for text in (stamp.isoformat(), str(stamp)):
        assert ticks_of("t", [text], f"datetime64[{unit}]").tolist() == [want]


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from([*UNITS, "D"]), st.sampled_from(UNITS))
def test_units_are_exact_or_rejected(ticks: int, unit: str, wanted: str) -> None:
    per_second = {"D": 1 / 86_400, "s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    exact = ticks * 86_400 * per_second[wanted] if unit == "D" else ticks * per_second[wanted] / per_second[unit]
    whole = ticks * 86_400 * per_second[wanted] if unit == "D" else ticks * per_second[wanted] // per_second[unit]
    try:
        got = scaled(np.array([ticks, NAT]), unit, wanted).tolist()
    except InputError:
        lossy = unit != "D" and ticks * per_second[wanted] % per_second[unit] != 0
        assert lossy or abs(exact) >= 2**62
    else:
        assert got == [whole, NAT]


def test_types_of_dates_are_read_as_pandas_writes_them() -> None:
    for text in ("datetime64[us]", "datetime64[ns, Europe/Berlin]", "timedelta64[s]"):
        assert str(DateForm.parse(text)) == text
    for text in ("datetime64[D]", "timedelta64[us, UTC]", "timestamp[us][pyarrow]", "int64", "period[M]"):
        assert not is_form(text)
