"""Functions of dates, traced: answers like pandas', by unit and time zone; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.date_functions import TAXI, cyclical, in_zones, rush_hour

RNG = np.random.default_rng(7)
ROWS = 60
ODD = [
    "2020-02-29 23:59:59",
    "2020-12-31 00:00:00",
    "2021-01-01 00:00:00",
    "2019-03-31 01:30:00",
    "1969-07-20 20:17:00",
]


def rides(unit: str = "us", zone: str | None = None) -> pd.DataFrame:
    seconds = np.concatenate([np.array(ODD, "M8[s]").astype(np.int64), RNG.integers(1.55e9, 1.65e9, ROWS - len(ODD))])
    below = 0 if unit == "s" else RNG.integers(0, 1000, ROWS)
    ticks = (seconds.astype("M8[s]").astype(f"M8[{unit}]").astype(np.int64) + below).astype(f"M8[{unit}]")
    pickup = pd.Series(ticks).mask(np.arange(ROWS) == 9)
    if zone is not None:
        pickup = pickup.dt.tz_localize("UTC").dt.tz_convert(zone)
    lasted = pd.Series(RNG.integers(60, 9000, ROWS).astype("m8[s]"))
    booked = (pd.Series(ticks).astype("M8[s]") - lasted).dt.strftime("%Y-%m-%d %H:%M:%S")
    booked = booked.mask(np.arange(ROWS) % 7 == 0, "unknown").mask(np.arange(ROWS) % 11 == 0)
    seen = pd.Series(ticks).astype("M8[s]").astype(str).mask(np.arange(ROWS) == 12)
    epoch = np.where(np.arange(ROWS) == 4, np.nan, seconds)
    return pd.DataFrame(
        {
            "pickup": pickup,
            "dropoff": pickup + lasted,
            "booked": booked,
            "epoch": epoch,
            "seen": seen,
            "miles": RNG.lognormal(1, 1, ROWS),
        }
    )


def numbers(answer: Any) -> np.ndarray:
    if isinstance(answer, pd.DataFrame):  # NA of nullable integers, such as weeks, becomes NaN in an array
        return np.column_stack([answer[name].to_numpy(float, na_value=np.nan) for name in answer])
    return np.asarray(answer, float)


def assert_alike(predictor: Any, model: Any, rows: pd.DataFrame) -> None:
    np.testing.assert_allclose(numbers(predictor.transform(rows)), numbers(model.transform(rows)), rtol=1e-12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("unit", ["us", "ns"])
@pytest.mark.parametrize("name", TAXI)
def test_functions_of_rides(name: str, unit: str) -> None:
    table = rides(unit)
    model = FunctionTransformer(TAXI[name]).fit(table)
    predictor = pretzel.compile(model, sample=table)
    for rows in (table, table[:1], table[9:10], table[3:8]):
        assert_alike(predictor, model, rows)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+03:00"])
def test_functions_of_time_zones(zone: str) -> None:
    table = rides("us", zone)
    model = FunctionTransformer(in_zones).fit(table)
    predictor = pretzel.compile(model, sample=table)
    for rows in (table, table[:1], table[9:10]):
        assert_alike(predictor, model, rows)


def test_instants_of_another_unit_have_the_answers_of_the_library() -> None:
    table = rides("s")[["pickup", "miles"]]
    model = FunctionTransformer(cyclical).fit(table)
    predictor = pretzel.compile(model, sample=table)
    for unit in ("ms", "us", "ns"):
        assert_alike(predictor, model, table.assign(pickup=table.pickup.dt.as_unit(unit)))
    with pytest.raises(InputError, match=r"'pickup': row 2: .*00:00:00.001000 has digits below the model's unit s"):
        predictor.transform(
            table.assign(
                pickup=table.pickup.mask(table.index == 2, table.pickup.dt.as_unit("ms") + pd.Timedelta("1ms"))
            )
        )


def test_seconds_of_spans_in_seconds() -> None:
    table = rides("s")[["pickup"]].assign(dropoff=lambda df: df.pickup + pd.Timedelta("90s").as_unit("s"))
    model = FunctionTransformer(
        lambda df: pd.DataFrame(
            {
                "total": (df.dropoff - df.pickup).dt.total_seconds(),
                "whole": (df.dropoff - df.pickup) // pd.Timedelta("1s").as_unit("s"),
            }
        )
    ).fit(table)
    predictor = pretzel.compile(model, sample=table)
    for unit in ("s", "ns"):  # neither reads the ticks themselves
        assert_alike(predictor, model, table.assign(pickup=table.pickup.dt.as_unit(unit)))


def test_integers_of_dates_depend_on_the_unit() -> None:
    table = rides("us")[["pickup"]]
    model = FunctionTransformer(lambda df: (df.pickup.astype("int64") // 10**6 % 3600).to_frame()).fit(table)
    predictor = pretzel.compile(model, sample=table)
    for rows in (table, table[:1], table[9:10]):
        assert_alike(predictor, model, rows)
    with pytest.raises(InputError, match=r"'pickup': expected the unit us of the training data, got ns: .*as_unit"):
        predictor.transform(table.assign(pickup=table.pickup.dt.as_unit("ns")))


def test_within_models_of_columns_of_all_kinds() -> None:
    table = rides().assign(
        pickup=lambda df: df.pickup.fillna(pd.Timestamp("2020-06-01")), day=lambda df: df.pickup.dt.normalize()
    )
    columns = ColumnTransformer(
        [
            ("rush", FunctionTransformer(rush_hour), ["pickup"]),
            ("hour", FunctionTransformer(lambda s: np.sin(s.dt.hour / 24).to_frame()), "pickup"),
            ("day", OneHotEncoder(handle_unknown="ignore"), ["day"]),
            ("miles", StandardScaler(), ["miles"]),
        ]
    )
    model = make_pipeline(columns, LinearRegression()).fit(table, np.arange(ROWS))
    definition = export(model, sample=table)
    assert definition.metadata["dates"] == {"pickup": "datetime64[us]", "day": "datetime64[us]"}
    predictor = pretzel.compile(model, sample=table)
    small = table.assign(miles=table.miles.astype("float32"))
    for rows in (table, table[:1], small):
        np.testing.assert_allclose(predictor.predict(rows), model.predict(rows), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("encoder", [OneHotEncoder(drop="first", sparse_output=False), OrdinalEncoder()])
@pytest.mark.parametrize("kind", ["dates", "spans", "instants"])
def test_categories_that_are_dates(encoder: Any, kind: str) -> None:
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01", "2020-01-01"]))
    column = {"dates": dates, "spans": dates - dates[0], "instants": dates.dt.tz_localize("Europe/Berlin")}[kind]
    table = pd.DataFrame({"t": column})
    encoder.fit(table)
    predictor = pretzel.compile(encoder, sample=table)
    for unit in ("s", "us", "ns"):
        assert_alike(predictor, encoder, table.assign(t=table.t.dt.as_unit(unit)))
    with pytest.raises(InputError, match=r"row 1: Found unknown categories \[.*\] in column 0 \(ticks of dates\)"):
        predictor.transform(table.assign(t=table.t.mask(table.index == 1)))


def test_categories_with_nat_are_refused() -> None:
    table = pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None])})
    with pytest.raises(UnsupportedError, match="a column holds dates .*; fit it on a DataFrame without NaT"):
        pretzel.compile(OrdinalEncoder().fit(table), sample=table)  # which does not find NaT again


def test_a_sample_decides_which_columns_hold_dates() -> None:
    table = rides()[["pickup"]]
    model = FunctionTransformer(cyclical).fit(table)
    with pytest.raises(UnsupportedError, match="'pickup', which is not known to hold dates; give a sample"):
        pretzel.compile(model)
    encoder = OrdinalEncoder().fit(table.dropna())
    assert_alike(pretzel.compile(encoder), encoder, table.dropna())  # its categories are dates


def test_other_steps_refuse_dates() -> None:
    table = rides()[["pickup"]].dropna()
    tree = DecisionTreeRegressor().fit(table, np.arange(len(table)))  # splits by the ticks of whatever unit
    with pytest.raises(UnsupportedError, match=r"column 'pickup' holds dates \(datetime64\[us\]\)"):
        pretzel.compile(tree, sample=table)


def test_values_outside_of_the_unit_and_the_zone_are_rejected() -> None:
    table = rides()[["pickup"]]
    days = pretzel.compile(FunctionTransformer(lambda df: df.pickup.dt.day.to_frame()).fit(table), sample=table)
    with pytest.raises(
        InputError, match=r"column 'pickup': row 1: 299999-01-01T00:00:00 is out of range of the model's"
    ):
        days.transform({"pickup": np.array(["2020-01-01", "299999-01-01"], "M8[s]")})
    zoned = rides("us", "Europe/Berlin")[["pickup"]]
    hours = FunctionTransformer(lambda df: df.pickup.dt.hour.to_frame()).fit(zoned)
    predictor = pretzel.compile(hours, sample=zoned)
    with pytest.raises(InputError, match="expected dates with a time zone .*localize"):
        predictor.transform(table)
    with pytest.raises(InputError, match="of the time zone Europe/Berlin, got UTC; .*convert"):
        predictor.transform(zoned.assign(pickup=zoned.pickup.dt.tz_convert("UTC")))
    with pytest.raises(InputError, match="row 0: a date is outside of .* local time in Europe/Berlin, 1900 to 2100"):
        predictor.transform([{"pickup": "2150-01-01T00:00:00Z"}])
    text = pd.DataFrame({"t": ["2020-01-02"]})
    parsed = pretzel.compile(
        FunctionTransformer(lambda df: pd.to_datetime(df.t, format="%Y-%m-%d").dt.day.to_frame()).fit(text), sample=text
    )
    with pytest.raises(InputError, match="row 1: time data '2020-1-2' doesn't match format '%Y-%m-%d'"):
        parsed.transform({"t": ["2020-01-02", "2020-1-2"]})


FUNCTIONS = {
    "floats of dates": (lambda df: df.pickup.astype("float64"), r"dates .astype\('float64'\) are not traced"),
    "dates as a result": (lambda df: df.pickup.dt.floor("h").to_frame(), "it returns dates or spans"),
    "texts of dates": (lambda df: df.pickup.dt.strftime("%c"), r"%c of \.dt\.strftime is not traced"),
    "products of dates": (lambda df: df.pickup * 2, "it computes with dates and int"),
    "sines of dates": (lambda df: np.sin(df.pickup), "np.sin of dates is not traced"),
    "the clock": (lambda df: (df.pickup - pd.Timestamp.now()).dt.days, "Timestamp.now reads the clock"),
    "today": (lambda df: (df.pickup - pd.Timestamp("today").normalize()).dt.days, "reads the clock"),
    "several rows": (lambda df: (df.pickup - df.pickup.min()).dt.days, "reads several rows together"),
    "ambiguous times": (lambda df: df.pickup.dt.tz_localize("Europe/Berlin").dt.hour, "twice or not at all"),
    "int32 that wraps": (lambda df: df.pickup.dt.year * 10**8, "it returned .* and its operators"),
    "a guessed format": (lambda df: pd.to_datetime(df.booked, errors="coerce").dt.hour, "pandas guesses one"),
    "an unknown directive": (lambda df: pd.to_datetime(df.booked, format="%d %B %Y").dt.hour, "%B is not among"),
    "nanoseconds": (lambda df: pd.to_datetime(df.epoch).dt.hour, "float64 does not hold nanoseconds"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_dates_that_are_refused(name: str) -> None:
    function, reason = FUNCTIONS[name]
    table = rides()
    with pytest.raises(UnsupportedError, match=reason):
        export(FunctionTransformer(function).fit(table), sample=table)
