"""Names of days and months, dates as texts, and rounding to the nearest multiple, as pandas has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import pretzel
from pretzel.errors import UnsupportedError

STAMPS = [
    *("1969-12-31 23:30:00", "1970-01-01 00:30:00", "2024-02-29 12:30:00", "2024-02-29 13:30:00", "1969-12-31 22:30"),
    *("2000-12-31 23:59:59.999999", "1900-03-01 00:00:00.000001", "2023-11-05 06:07:08.090807", "2024-01-15 00:15:00"),
    *("1969-12-31 23:59:59.500000", "1970-01-01 00:00:01.500000", "1970-01-01 00:00:02.500000", "2024-07-07 07:45"),
]
TEXTS: dict[str, Any] = {
    "day names": lambda d: d.dt.day_name(),
    "month names": lambda d: d.dt.month_name(),
    "upper": lambda d: d.dt.day_name().str.upper().str[:3],
    "month": lambda d: d.dt.strftime("%Y-%m"),
    "all directives": lambda d: d.dt.strftime("%A %a, %d %B %b %m %Y %H:%M:%S.%f (%j) 100%%"),
    "constant": lambda d: d.dt.strftime("q"),
}
ROUNDED: dict[str, Any] = {
    freq: lambda d, freq=freq: d.dt.round(freq) for freq in ("h", "D", "s", "7min", "250ms", "3s", "12h")
} | {"floor": lambda d: d.dt.floor("15min"), "ceil": lambda d: d.dt.ceil("15min")}


def frame(dtype: str) -> pd.DataFrame:
    dates = pd.Series([*STAMPS, None]).astype("datetime64[us]")
    zone = dtype.partition(", ")[2].removesuffix("]")
    return pd.DataFrame({"d": dates.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else dates.astype(dtype)})


@pytest.mark.parametrize("dtype", ["datetime64[us]", "datetime64[ns]", "datetime64[us, Europe/Berlin]"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_dates(name: str, dtype: str) -> None:
    x, text = frame(dtype), TEXTS[name]
    function = FunctionTransformer(lambda df: text(df["d"]).to_frame())
    model = make_pipeline(function, OneHotEncoder(handle_unknown="ignore", sparse_output=False)).fit(x)
    predictor = pretzel.compile(model, sample=x)
    for rows in (x, x.iloc[[0]], x.iloc[::-1]):
        np.testing.assert_array_equal(predictor.transform(rows), model.transform(rows))
    assert model.transform(x).shape[1] > 1


@pytest.mark.parametrize("dtype", ["datetime64[us]", "datetime64[ns]", "datetime64[us, UTC+05:30]"])
@pytest.mark.parametrize("name", ROUNDED)
def test_rounded_dates(name: str, dtype: str) -> None:
    x, rounded = frame(dtype), ROUNDED[name]
    start = pd.Timestamp("1970-01-01", tz=getattr(x["d"].dtype, "tz", None))
    model = FunctionTransformer(lambda df: ((rounded(df["d"]) - start) / pd.Timedelta("1s")).to_frame()).fit(x)
    np.testing.assert_array_equal(pretzel.compile(model, sample=x).transform(x), model.transform(x))


@pytest.mark.parametrize("method", ["round", "floor", "ceil"])
def test_rounded_spans(method: str) -> None:
    x = frame("datetime64[us]")

    def seconds(df: pd.DataFrame) -> pd.DataFrame:
        spans = df["d"] - pd.Timestamp("1999-12-31 01:02:30")
        return (getattr(spans.dt, method)("min") / pd.Timedelta("1s")).to_frame()

    model = FunctionTransformer(seconds).fit(x)
    np.testing.assert_array_equal(pretzel.compile(model, sample=x).transform(x), model.transform(x))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda d: d.dt.strftime("%c"), "%c of .dt.strftime is not traced; use %Y, %m"),
        (lambda d: d.dt.day_name("de_DE.utf8"), "names of dates in a locale are not traced"),
        (lambda d: d.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.round("h").dt.hour, "Europe/Berlin"),
    ],
)
def test_what_is_not_traced_is_named(function: Any, reason: str) -> None:
    x = frame("datetime64[us]")
    step = FunctionTransformer(lambda df: df.assign(n=function(df["d"]))).fit(x)
    with pytest.raises(UnsupportedError, match=reason):
        pretzel.compile(step, sample=x)
