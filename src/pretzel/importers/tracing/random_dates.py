"""Random dates and spans for the proof of a trace, as ticks and as columns of pandas."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.dates import NAT, DateForm
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import formats_of

DAY = 86_400
ODD_TEXTS = ("", "NaT", "2020-13-01", "2020-02-30 10:00:00", "unknown", "31/12/2020", "12/31/2020", "20201231")
ODD_DAYS = (
    "1972-02-29",
    "1999-12-31",
    "2000-02-29",
    "2001-01-01",
    "2016-12-31",
    "2020-12-31",
    "2021-01-03",
    "2024-12-30",
)


def random_ticks(form: str, roots: Sequence[Node], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ticks: recent days and odd ones, the constants of a trace and their neighbours, and NaT."""
    known = DateForm.parse(form)
    second = known.per_second
    if known.spans:
        days = rng.integers(-40, 40, count) * rng.choice([0, 1, 1, 30], count)
    else:
        odd = np.array(ODD_DAYS, "M8[D]").astype(np.int64)
        days = np.where(rng.random(count) < 0.3, rng.choice(odd, count), rng.integers(-20_000, 40_000, count))
    times = rng.choice([0, 1, 6 * 3600, DAY - 1], count)
    times = np.where(rng.random(count) < 0.6, rng.integers(0, DAY, count), times)
    ticks = (days * DAY + times) * second + rng.integers(0, second, count) * rng.integers(0, 2, count)
    near = _constants(roots) if not known.spans else np.array([0])
    beside = rng.choice(near, count) + rng.integers(-1, 2, count) * rng.choice([1, second, DAY * second], count)
    ticks = np.where(rng.random(count) < 0.2, beside, ticks)
    within = np.abs(ticks) < 4 * 10**9 * second
    ticks = np.where(within, ticks, 0)
    ticks[rng.random(count) < 0.08] = NAT
    return ticks.astype(np.int64)


def date_texts(node: Node, roots: Sequence[Node], count: int, rng: np.random.Generator) -> list[Any] | None:
    """Return texts of dates in the formats that a column is read by, and others; None for a column of other texts."""
    reading = [reader for reader in topological(roots) if isinstance(reader, ops.ParseDate) and reader.x is node]
    if not reading:
        return None
    formats = [str(rng.choice(formats_of(reader.format))) for reader in reading]
    stamps = random_ticks("datetime64[us]", roots, count, rng).astype("M8[us]").tolist()
    drawn = [None if stamp is None else stamp.strftime(str(rng.choice(formats))) for stamp in stamps]
    others = [ODD_TEXTS[i] for i in rng.integers(0, len(ODD_TEXTS), count)]
    is_odd = rng.random(count) < (0.25 if any(reader.coerce for reader in reading) else 0.0)
    return [other if odd else text for other, odd, text in zip(others, is_odd, drawn, strict=True)]


def as_dates(ticks: np.ndarray, form: str) -> Any:
    """Return ticks as a column of pandas."""
    pandas = importlib.import_module("pandas")
    known = DateForm.parse(form)
    series = pandas.Series(ticks.view(known.numpy))
    return series.dt.tz_localize("UTC").astype(form) if known.zone else series


def ticks_of(series: Any) -> np.ndarray:
    """Return a column of pandas as ticks."""
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert(None)
    ticks: np.ndarray = series.to_numpy().view(np.int64)
    return ticks


def _constants(roots: Sequence[Node]) -> np.ndarray:
    """Return the constants of a trace that may be dates, and zero."""
    parameters = [parameter for node in topological(roots) for parameter in node.parameters.values()]
    arrays = [parameter.array for parameter in parameters if parameter.dtype != "str"]
    whole = [array.ravel() for array in arrays if array.dtype == np.int64]
    found = np.unique(np.concatenate([*whole, [0]]))
    known: np.ndarray = found[found != NAT][:256]
    return known
