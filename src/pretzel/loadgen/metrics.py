"""Figures of the server itself: its `/metrics` before and after a run."""

from __future__ import annotations

import asyncio
import math
import re
import urllib.request
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pretzel.errors import UnavailableError

_SAMPLE = re.compile(r"^(\w+)(?:\{.*\})? (\S+)", re.MULTILINE)
_SECONDS = 5.0
CPU = ("pretzel_processor_seconds_total", "process_cpu_seconds_total")
MEMORY = ("pretzel_process_bytes", "process_resident_memory_bytes")
"""Pretzel's, and those of Prometheus' client libraries."""
LATENCIES = (
    ("pretzel_request_seconds_sum", "pretzel_request_seconds_count", 1.0),
    ("nv_inference_request_duration_us", "nv_inference_request_success", 1e-6),
)
"""Metrics with the time and the number of answers, and the seconds of their unit: Pretzel's and Triton's."""

Samples = Mapping[str, float]


async def scrape(url: str) -> Samples:
    """Return the values at a URL by metric, summed over labels.

    Raises:
        UnavailableError: there are none.
    """
    return await asyncio.to_thread(_scrape, url)


def _scrape(url: str) -> Samples:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            samples = parse(answer.read().decode())
    except (OSError, ValueError) as error:  # also a URL that is none
        raise UnavailableError(f"--metrics {url}: {getattr(error, 'reason', error)}") from None
    if not samples:
        raise UnavailableError(f"--metrics {url}: expected metrics of Prometheus, got none")
    return samples


def parse(text: str) -> Samples:
    """Return the values of the text format, summed over labels."""
    totals: defaultdict[str, float] = defaultdict(float)
    for name, value in _SAMPLE.findall(text):
        try:
            totals[name] += float(value)
        except ValueError:
            continue
    return {name: value for name, value in totals.items() if math.isfinite(value)}


def between(before: Samples, after: Samples) -> dict[str, Any]:
    """Return the server's figures of the time between two samples; those it does not have are left out."""
    figures: dict[str, Any] = {}
    for total, count, unit in LATENCIES:
        calls = after.get(count, 0) - before.get(count, 0)
        if calls > 0:
            mean = (after.get(total, 0) - before.get(total, 0)) / calls * unit
            figures |= {"calls": round(calls), "mean_latency_ms": round(mean * 1e3, 4)}
    if (cpu := _first(after, CPU)) is not None:
        figures["cpu_seconds"] = round(cpu - (_first(before, CPU) or 0.0), 6)
        if figures.get("calls"):
            figures["cpu_us_per_call"] = round(figures["cpu_seconds"] / figures["calls"] * 1e6, 2)
    if (memory := _first(after, MEMORY)) is not None:
        figures["resident_bytes"] = round(memory)
    return figures


def _first(samples: Samples, names: Sequence[str]) -> float | None:
    return next((samples[name] for name in names if name in samples), None)
