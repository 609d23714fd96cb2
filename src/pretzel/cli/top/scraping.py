"""Read the metrics of workers, and keep what `pretzel top` shows."""

from __future__ import annotations

import ssl
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from pretzel.errors import InputError, UnavailableError, UnsupportedError

SECONDS = 5.0
"""The longest wait for the metrics of one worker."""
MOST_BYTES = 64 << 20
GAUGES = ("process_bytes", "resident_bytes", "resident_plans", "running", "queued")


@dataclass
class Totals:
    """The calls of one model since its workers started, over all methods."""

    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))
    """Calls that took at most so many seconds."""
    calls: float = 0
    seconds: float = 0
    rows: float = 0
    errors: float = 0


@dataclass
class Scrape:
    """The metrics of all workers at one time."""

    at: float = field(default_factory=time.monotonic)
    models: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    gauges: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def scrape(urls: Sequence[str], tls: Mapping[str, Path | None]) -> Scrape:
    """Return the sums over workers.

    Raises:
        InputError: an address is not one of HTTP.
        UnavailableError: a worker does not answer, or with something else than metrics of Pretzel.
        UnsupportedError: the library that parses metrics is not installed.
    """
    context = _context(tls) if any(url.startswith("https:") for url in urls) else None
    found = Scrape()
    with ThreadPoolExecutor(min(len(urls), 16)) as pool:
        texts = list(pool.map(partial(_read, context=context), urls))
    for url, text in zip(urls, texts, strict=True):
        _add(found, url, text)
    return found


def _context(tls: Mapping[str, Path | None]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls["tls_ca"])
    if tls["tls_cert"]:
        context.load_cert_chain(tls["tls_cert"], tls["tls_key"])
    return context


def _read(url: str, context: ssl.SSLContext | None) -> str:
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--metrics {url!r}: expected http://HOST:PORT/metrics")
    try:
        with urllib.request.urlopen(url, timeout=SECONDS, context=context) as answer:
            return str(answer.read(MOST_BYTES).decode())
    except (OSError, ValueError) as error:
        raise UnavailableError(f"--metrics {url}: {getattr(error, 'reason', error)}") from None


def _add(found: Scrape, url: str, text: str) -> None:
    try:
        families = list(_parser().text_string_to_metric_families(text))
    except ValueError as error:
        raise UnavailableError(f"--metrics {url}: expected metrics of Prometheus ({error})") from None
    known = {family.name: family.samples for family in families if family.name.startswith("pretzel_")}
    if "pretzel_request_seconds" not in known:
        raise UnavailableError(f"--metrics {url}: these are not the metrics of a worker")
    _add_calls(found.models, known["pretzel_request_seconds"])
    for name, kind in (("pretzel_rows", "rows"), ("pretzel_errors", "errors")):
        for sample in known.get(name, ()):
            if sample.name.endswith("_total"):
                totals = found.models[sample.labels["model"]]
                setattr(totals, kind, getattr(totals, kind) + sample.value)
    for name in GAUGES:
        found.gauges[name] += sum(sample.value for sample in known.get(f"pretzel_{name}", ()))


def _add_calls(models: dict[str, Totals], samples: Iterable[Any]) -> None:
    for sample in samples:
        totals = models[sample.labels["model"]]
        if sample.name.endswith("_bucket"):
            totals.buckets[float(sample.labels["le"])] += sample.value
        elif sample.name.endswith("_count"):
            totals.calls += sample.value
        elif sample.name.endswith("_sum"):
            totals.seconds += sample.value


def _parser() -> Any:
    try:
        return import_module("prometheus_client.parser")
    except ModuleNotFoundError:
        raise UnsupportedError("`pretzel top` needs prometheus-client; pip install 'pretzel[server]'") from None
