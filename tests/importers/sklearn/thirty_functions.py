"""Thirty feature functions as people write them, over tables of passengers, taxi rides and reviews."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

TITLES = {"Mr": "Mr", "Mrs": "Mrs", "Miss": "Miss", "Master": "Master", "Dr": "Officer", "Rev": "Officer"}
EMBARKED = {"S": 0, "C": 1, "Q": 2}
ZONES = {"JFK": 52.0, "LGA": 31.5, "EWR": 61.0}
POSITIVE = ("good", "great", "love", "excellent")
NUMBER = re.compile(r"\d+")


def family(df: Any) -> Any:
    df = df.copy()
    df["family"] = df["sibsp"] + df["parch"] + 1
    df["alone"] = (df["family"] == 1).astype(int)
    df["fare_each"] = df["fare"] / df["family"]
    return df[["family", "alone", "fare_each"]]


def title(df: Any) -> Any:
    found = df["name"].str.extract(r" ([A-Za-z]+)\.", expand=False)
    return found.map(TITLES).fillna("Other").to_frame("title")


def title_by_split(df: Any) -> Any:
    return df["name"].apply(lambda name: name.split(",")[1].split(".")[0].strip()).to_frame()


def deck(df: Any) -> Any:
    return pd.DataFrame({"deck": df["cabin"].fillna("U").str[0], "has_cabin": df["cabin"].notna().astype(int)})


def age_group(age: float) -> str:
    if age < 13:
        return "child"
    if age < 20:
        return "teen"
    return "adult" if age < 65 else "senior"


def ages(df: Any) -> Any:
    return df["age"].fillna(29.0).apply(age_group).to_frame()


def age_bins(df: Any) -> Any:
    return pd.cut(df["age"], [0, 12, 19, 64, 120], labels=False).to_frame()


def women_and_children(row: Any) -> int:
    if row["sex"] == "female" or row["age"] < 13:
        return 1
    return 0


def ticket(df: Any) -> Any:
    prefix = df["ticket"].str.replace(r"[./ ]", "", regex=True).str.replace(r"[0-9]+", "", regex=True)
    return pd.DataFrame({"prefix": prefix, "digits": df["ticket"].str.count(r"[0-9]")})


def encoded(df: Any) -> Any:
    return pd.DataFrame(
        {"sex": (df["sex"] == "female").astype(int), "port": df["embarked"].fillna("S").map(EMBARKED).astype(float)}
    )


def crossed(df: Any) -> Any:
    return (df["sex"] + "_" + df["pclass"].astype(int).astype(str)).to_frame("cross")


def distance(df: Any) -> Any:
    lat1, lon1, lat2, lon2 = (np.radians(df[c]) for c in ("lat1", "lon1", "lat2", "lon2"))
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return (6371 * 2 * np.arcsin(np.sqrt(a))).to_frame("km")


def speed(df: Any) -> Any:
    hours = df["seconds"] / 3600
    return pd.DataFrame({"speed": np.where(hours > 0, df["miles"] / hours, 0.0), "long": df["miles"] > 10})


def fares(df: Any) -> Any:
    total = df["fare"] + df["tip"].fillna(0)
    return pd.DataFrame({"share": df["tip"].fillna(0) / total.clip(lower=1), "log": np.log1p(total.clip(lower=0))})


def daytime(df: Any) -> Any:
    return pd.DataFrame(
        {"rush": df["hour"].isin([7, 8, 9, 16, 17, 18]).astype(int), "sin": np.sin(2 * np.pi * df["hour"] / 24)}
    )


def airports(df: Any) -> Any:
    return df["zone"].str.upper().map(ZONES).fillna(0.0).to_frame()


def payment(df: Any) -> Any:
    return df["payment"].str.strip().str.lower().replace({"csh": "cash", "crd": "card"}).to_frame()


def surge(df: Any) -> Any:
    rate = np.select([df["hour"] < 6, df["hour"] < 20], [1.2, 1.0], default=1.5)
    return pd.DataFrame({"rate": rate, "paid": df["fare"] * rate})


def statistics(texts: Any) -> Any:
    return np.array([[len(text), text.count("!"), len(text.split())] for text in texts])


def shouting(texts: Any) -> Any:
    return np.array([[sum(c.isupper() for c in text) / max(len(text), 1), int("!!" in text)] for text in texts])


def cleaned(texts: Any) -> Any:
    return [NUMBER.sub("#", text.lower()).replace("\n", " ").strip() for text in texts]


def sentiment(texts: Any) -> Any:
    rows = []
    for text in texts:
        lowered = text.lower()
        rows.append([sum(lowered.count(word) for word in POSITIVE), lowered.count("not ")])
    return np.array(rows)


def words(texts: Any) -> Any:
    return np.array([sum(len(word) for word in t.split()) / max(len(t.split()), 1) for t in texts]).reshape(-1, 1)


def review_table(df: Any) -> Any:
    text = df["text"].fillna("")
    return pd.DataFrame(
        {
            "chars": text.str.len(),
            "question": text.str.contains("?", regex=False).astype(int),
            "links": text.str.count(r"https?://"),
            "stars": df["stars"].clip(1, 5) / 5,
        }
    )


def masked(df: Any) -> Any:
    return df["text"].str.replace(r"\S+@\S+", "<mail>", regex=True).to_frame()


def domain(df: Any) -> Any:
    return df["email"].str.split("@").str[1].fillna("none").to_frame()


def product(df: Any) -> Any:
    return pd.DataFrame(
        {"line": df["sku"].str[:3], "size": df["sku"].str.split("-").str[-1], "id": df["sku"].str.zfill(12)}
    )


def pickup_dates(df: Any) -> Any:
    when = pd.to_datetime(df["pickup"], format="%Y-%m-%d %H:%M:%S")
    return pd.DataFrame({"hour": when.dt.hour, "weekday": when.dt.dayofweek})


def unique_words(texts: Any) -> Any:
    return np.array([[len(set(text.split()))] for text in texts])


def ranked(df: Any) -> Any:
    return df[["fare"]].rank(pct=True)


PASSENGERS, RIDES, REVIEWS, TEXTS = "passengers", "rides", "reviews", "texts"
FUNCTIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "family": (PASSENGERS, family),
    "title": (PASSENGERS, title),
    "title by split": (PASSENGERS, title_by_split),
    "deck": (PASSENGERS, deck),
    "age group": (PASSENGERS, ages),
    "age bins": (PASSENGERS, age_bins),
    "women and children": (PASSENGERS, lambda df: df.apply(women_and_children, axis=1).to_frame("first")),
    "ticket": (PASSENGERS, ticket),
    "encoded": (PASSENGERS, encoded),
    "crossed": (PASSENGERS, crossed),
    "name length": (PASSENGERS, lambda df: df[["fare"]].assign(length=df["name"].str.len())),
    "distance": (RIDES, distance),
    "speed": (RIDES, speed),
    "fares": (RIDES, fares),
    "daytime": (RIDES, daytime),
    "airports": (RIDES, airports),
    "payment": (RIDES, payment),
    "surge": (RIDES, surge),
    "pickup dates": (RIDES, pickup_dates),
    "ranked": (RIDES, ranked),
    "statistics": (TEXTS, statistics),
    "shouting": (TEXTS, shouting),
    "cleaned": (TEXTS, cleaned),
    "sentiment": (TEXTS, sentiment),
    "words": (TEXTS, words),
    "unique words": (TEXTS, unique_words),
    "review table": (REVIEWS, review_table),
    "masked": (REVIEWS, masked),
    "domain": (REVIEWS, domain),
    "product": (REVIEWS, product),
}
"""Each function, and the data that it is over."""
NOT_TRACED = {"ranked": "reads several rows"}
"""Those that cannot be operators, and a part of the reason."""
WITH_DATES = ("pickup dates",)


def data(rows: int = 40) -> dict[str, Any]:
    """Return the tables and the texts."""
    rng = np.random.default_rng(3)

    def some(*values: Any) -> Any:
        return [values[i] for i in rng.integers(0, len(values), rows)]

    names = some(
        "Braund, Mr. Owen", "Cumings, Mrs. John (Flo)", "Heikkinen, Miss. Laina", "Byles, Rev. Thomas", "Oe, Ms. A"
    )
    texts = some("Great value, love it!!", "NOT good. Broke after 2 days", "ok", "See http://x.io or ask me@x.io ?", "")
    passengers = pd.DataFrame(
        {
            "name": names, "sex": some("male", "female"), "age": some(22.0, np.nan, 4.0, 70.0),
            "sibsp": rng.integers(0, 4, rows).astype(float), "parch": rng.integers(0, 3, rows).astype(float),
            "fare": rng.lognormal(3, 1, rows), "cabin": some("C85", None, "E46", "B58 B60"),
            "ticket": some("A/5 21171", "PC 17599", "113803"), "embarked": some("S", "C", "Q", None),
            "pclass": some(1.0, 2.0, 3.0),
        }
    )  # fmt: skip
    rides = pd.DataFrame(
        {
            **{name: rng.uniform(40.6, 40.9, rows) for name in ("lat1", "lat2")},
            **{name: rng.uniform(-74.1, -73.8, rows) for name in ("lon1", "lon2")},
            "seconds": some(0.0, 300.0, 1800.0), "miles": rng.uniform(0, 20, rows), "fare": rng.uniform(3, 80, rows),
            "tip": some(0.0, 2.5, np.nan), "hour": rng.integers(0, 24, rows).astype(float),
            "zone": some("jfk", "LGA", "Bronx"), "payment": some(" CSH", "card", "crd "),
            "pickup": some("2026-03-01 08:15:00", "2026-07-04 23:59:59"),
        }
    )  # fmt: skip
    reviews = pd.DataFrame(
        {
            "text": texts,
            "stars": some(1.0, 3.0, 5.0),
            "email": some("a@x.org", "b@y.com", None),
            "sku": some("abc-12-L", "zz-9"),
        }
    )
    return {PASSENGERS: passengers, RIDES: rides, REVIEWS: reviews, TEXTS: texts}
