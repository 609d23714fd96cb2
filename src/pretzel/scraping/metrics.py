"""The metrics of workers: calls, rows, errors and latencies by model, and a few figures of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pretzel.errors import UnsupportedError

GAUGES = ("process_bytes", "resident_bytes", "resident_plans", "queued", "running", "processes")
TOTALS = ("processor_seconds", "evictions", "process_restarts")
_COUNTS = ("errors", "rows")
_FAMILIES = (
    "pretzel_request_seconds",
    *(f"pretzel_{name}" for name in _COUNTS),
    *(f"pretzel_{name}" for name in (*GAUGES, *TOTALS)),
)


@dataclass(slots=True)
class Calls:
    """Calls of one model since its processes started."""

    count: float = 0.0
    seconds: float = 0.0
    errors: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)
    """Number of calls that took at most so many seconds."""
    rows: float = 0.0


@dataclass(slots=True)
class Scrape:
    """The metrics of one worker."""

    models: dict[str, Calls] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    """Gauges and totals by name."""


def parse(text: str) -> Scrape:
    """Return the metrics of a worker in the text format.

    Raises:
        ValueError: it is not in that format, or has no metrics of a worker.
        UnsupportedError: the library that parses metrics is not installed.
    """
    ours = (line for line in text.splitlines() if line.removeprefix("# TYPE ").startswith(_FAMILIES))
    families = list(_parser().text_string_to_metric_families("\n".join([*ours, ""])))
    if not families:
        raise ValueError("these are not the metrics of a worker")
    scrape = Scrape()
    for family in families:
        name = family.name.removeprefix("pretzel_")
        for sample in family.samples:
            if math.isfinite(sample.value):
                _add(scrape, name, sample.name, sample.labels, sample.value)
    return scrape


def _parser() -> Any:
    try:
        return import_module("prometheus_client.parser")
    except ModuleNotFoundError:
        raise UnsupportedError("metrics are read by prometheus-client; pip install 'pretzel[server]'") from None


def _add(scrape: Scrape, family: str, name: str, labels: Mapping[str, str], value: float) -> None:
    if family in (*GAUGES, *TOTALS):
        scrape.figures[family] = scrape.figures.get(family, 0.0) + value
        return
    if family not in ("request_seconds", *_COUNTS) or "model" not in labels:
        return
    calls = scrape.models.setdefault(labels["model"], Calls())
    if family == "errors":
        calls.errors += value
    elif family == "rows":
        calls.rows += value
    elif name.endswith("_count"):
        calls.count += value
    elif name.endswith("_sum"):
        calls.seconds += value
    elif name.endswith("_bucket"):
        bound = float(labels["le"])
        calls.buckets[bound] = calls.buckets.get(bound, 0.0) + value


def since(now: Calls, before: Calls | None) -> Calls:
    """Return the calls between two scrapes; all of them if the worker was restarted in between."""
    if before is None or now.count < before.count or now.errors < before.errors:
        return now
    buckets = {bound: value - before.buckets.get(bound, 0.0) for bound, value in now.buckets.items()}
    return Calls(
        now.count - before.count,
        now.seconds - before.seconds,
        now.errors - before.errors,
        buckets,
        now.rows - before.rows,
    )


def merged(parts: Sequence[Calls]) -> Calls:
    """Return the sum of the calls of several workers or models."""
    total = Calls()
    for part in parts:
        total.count += part.count
        total.seconds += part.seconds
        total.errors += part.errors
        total.rows += part.rows
        for bound, value in part.buckets.items():
            total.buckets[bound] = total.buckets.get(bound, 0.0) + value
    return total


def quantile(calls: Calls, share: float) -> float | None:
    """Return the time within which a share of the calls ended, interpolated within a bucket; None without calls."""
    bounds = sorted(calls.buckets)
    total = calls.buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    low, below = 0.0, 0.0
    for bound in bounds:
        reached = calls.buckets[bound]
        if reached >= share * total and reached > below:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (share * total - below) / (reached - below)
        low, below = (bound, reached) if not math.isinf(bound) else (low, below)
    return low
