"""Reads the metrics of a worker: calls, errors and latencies by model, and a few figures of the whole."""

from __future__ import annotations

import asyncio
import math
import ssl
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from pretzel.errors import UnavailableError
from pretzel.targets import Tls

SECONDS = 3.0
"""Timeout of a scrape."""
MOST_BYTES = 16 << 20
"""Largest answer that is read."""
GAUGES = ("process_bytes", "resident_bytes", "resident_plans", "queued", "running", "processes")
TOTALS = ("processor_seconds", "evictions", "process_restarts")
_FAMILIES = ("pretzel_request_seconds", "pretzel_errors", *(f"pretzel_{name}" for name in (*GAUGES, *TOTALS)))


@dataclass(slots=True)
class Calls:
    """Calls of one model since its processes started."""

    count: float = 0.0
    seconds: float = 0.0
    errors: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)
    """Number of calls that took at most so many seconds."""


@dataclass(slots=True)
class Scrape:
    """The metrics of one worker."""

    models: dict[str, Calls] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    """Gauges and totals by name."""


def parse(text: str) -> Scrape:
    """Return the metrics of a worker in the text format.

    Raises:
        ValueError: it is not in that format.
    """
    ours = (line for line in text.splitlines() if line.removeprefix("# TYPE ").startswith(_FAMILIES))
    scrape = Scrape()
    for family in text_string_to_metric_families("\n".join([*ours, ""])):
        name = family.name.removeprefix("pretzel_")
        for sample in family.samples:
            if math.isfinite(sample.value):
                _add(scrape, name, sample.name, sample.labels, sample.value)
    return scrape


def _add(scrape: Scrape, family: str, name: str, labels: Mapping[str, str], value: float) -> None:
    if family in (*GAUGES, *TOTALS):
        scrape.figures[family] = scrape.figures.get(family, 0.0) + value
        return
    if family not in ("request_seconds", "errors") or "model" not in labels:
        return
    calls = scrape.models.setdefault(labels["model"], Calls())
    if family == "errors":
        calls.errors += value
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
    return Calls(now.count - before.count, now.seconds - before.seconds, now.errors - before.errors, buckets)


def merged(parts: Sequence[Calls]) -> Calls:
    """Return the sum of the calls of several workers or models."""
    total = Calls()
    for part in parts:
        total.count += part.count
        total.seconds += part.seconds
        total.errors += part.errors
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


class Reader:
    """Reads metrics over HTTP; redirects are not followed, since a worker states the URL."""

    def __init__(self, tls: Tls) -> None:
        """Trust the authorities of the control plane's connection, and show the same certificate."""
        self._context = _context(tls)
        handlers = [_NoRedirect(), urllib.request.ProxyHandler({})]
        self._opener = urllib.request.build_opener(*handlers, urllib.request.HTTPSHandler(context=self._context))

    async def read(self, url: str) -> Scrape:
        """Return the metrics at a URL.

        Raises:
            UnavailableError: there are none; the message has the reason.
        """
        return await asyncio.to_thread(self._read, url)

    def _read(self, url: str) -> Scrape:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.path != "/metrics" or parts.query or "@" in parts.netloc:
            raise UnavailableError(f"metrics at {url!r}: expected http://host:port/metrics")
        try:
            with self._opener.open(url, timeout=SECONDS) as answer:
                data: bytes = answer.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES >> 20} MiB")
            return parse(data.decode())
        except (OSError, ValueError) as error:
            raise UnavailableError(f"metrics at {url}: {getattr(error, 'reason', error)}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow no redirect; the answer then counts as an error."""


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.ca is not None:  # the file may hold the certificate of the server itself
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.cert is not None and tls.key is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context
