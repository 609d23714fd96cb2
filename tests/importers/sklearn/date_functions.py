"""Functions of dates as people write them over a table of taxi rides."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

OPENED = datetime(2019, 5, 4, 8, 30)
RUSH = (7, 8, 9, 16, 17, 18)


def calendar(df):
    return df.assign(
        month=df["pickup"].dt.month,
        weekday=df["pickup"].dt.weekday,
        hour=df["pickup"].dt.hour,
        week=df["pickup"].dt.isocalendar().week,
        quarter=df["pickup"].dt.quarter,
        of_year=df["pickup"].dt.dayofyear,
    ).drop(columns=["pickup", "dropoff", "booked", "epoch", "seen"])


def rush_hour(df):
    hour = df.pickup.dt.hour
    weekend = df.pickup.dt.day_of_week >= 5
    rush = hour.isin(RUSH) & ~weekend
    return pd.DataFrame({"rush": rush, "night": (hour < 6) | (hour >= 22), "weekend": weekend.astype(int)})


def cyclical(df):
    day = df.pickup.dt.hour + df.pickup.dt.minute / 60
    return pd.DataFrame({"sin": np.sin(2 * np.pi * day / 24), "cos": np.cos(2 * np.pi * day / 24)})


def duration(df):
    lasted = df["dropoff"] - df["pickup"]
    minutes = lasted.dt.total_seconds() / 60
    return pd.DataFrame({"minutes": minutes, "long": lasted > pd.Timedelta(minutes=45), "speed": df["miles"] / minutes})


def since_opening(df):
    days = (df["pickup"] - OPENED) / np.timedelta64(1, "D")
    return pd.DataFrame({"days": days, "weeks": np.floor(days / 7), "new": df["pickup"] < OPENED + timedelta(days=30)})


def parts_of_spans(df):
    lasted = (df.dropoff - df.pickup).fillna(pd.Timedelta(0))
    rest = lasted % pd.Timedelta("1h")
    return pd.DataFrame(
        {"d": lasted.dt.days, "s": rest.dt.seconds, "u": lasted.dt.microseconds, "q": lasted // pd.Timedelta("15min")}
    )


def rounded_down(df):
    day, hour = df.pickup.dt.normalize(), df.pickup.dt.floor("h")
    return pd.DataFrame(
        {
            "minutes": (df.pickup - day).dt.total_seconds() // 60,
            "past": (df.pickup - hour) / pd.Timedelta(minutes=1),
            "next": (df.pickup.dt.ceil("15min") - df.pickup) / pd.Timedelta("1s"),
            "whole": (df.pickup.astype("datetime64[s]") == df.pickup).astype(float),
        }
    )


def bounds_of_periods(df):
    dates = df.pickup.fillna(pd.Timestamp("2020-02-29"))
    fields = ("is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end", "is_year_start", "is_year_end")
    return pd.DataFrame({name: getattr(dates.dt, name) for name in (*fields, "is_leap_year", "days_in_month")})


def booked_before(df):
    booked = pd.to_datetime(df["booked"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    ahead = (df.pickup - booked).dt.total_seconds() / 3600
    seen = pd.to_datetime(df.epoch, unit="s")
    return pd.DataFrame(
        {
            "ahead": ahead.clip(lower=0).fillna(-1.0),
            "no_booking": booked.isna(),
            "of_day": seen.dt.hour,
            "y": booked.dt.year,
        }
    )


def seen_at(df):
    seen = pd.to_datetime(df["seen"])
    return pd.DataFrame({"hour": seen.dt.hour, "age": (pd.Timestamp("2024-01-01") - seen).dt.days})


def holidays(df):
    holiday = df.pickup.between("2020-12-24", pd.Timestamp("2021-01-01 23:59:59"))
    first = df.pickup.dt.normalize().isin([pd.Timestamp("2020-05-01"), pd.Timestamp("2021-05-01")])
    late = df.pickup.where(df.miles > 3, df.dropoff)
    return pd.DataFrame({"holiday": holiday | first, "days": (late - pd.Timestamp("2020-01-01")).dt.days})


def each_value(df):
    return pd.DataFrame(
        {
            "hour": df["pickup"].apply(lambda t: t.hour),
            "iso": df["pickup"].map(lambda t: t.isoweekday()),
            "early": abs(df["pickup"] - df["dropoff"]).apply(lambda span: span.total_seconds()),
        }
    )


TAXI = {
    function.__name__: function
    for function in (
        *(calendar, rush_hour, cyclical, duration, since_opening, parts_of_spans, rounded_down, bounds_of_periods),
        *(booked_before, seen_at, holidays, each_value),
    )
}


def in_zones(df):
    newyork = df.pickup.dt.tz_convert("America/New_York")
    utc = df.pickup.dt.tz_convert("UTC")
    return pd.DataFrame(
        {
            "hour": df.pickup.dt.hour,
            "there": newyork.dt.hour,
            "day": newyork.dt.day_of_week,
            "utc": utc.dt.floor("15min").dt.minute,
            "naive": (df.pickup.dt.tz_localize(None) - pd.Timestamp("2020-01-01")) / pd.Timedelta("1h"),
            "late": df.pickup >= pd.Timestamp("2021-03-04", tz="UTC"),
            "shifted": (df.pickup.dt.tz_convert("+05:30").dt.normalize() - utc) / pd.Timedelta("1s"),
        }
    )
