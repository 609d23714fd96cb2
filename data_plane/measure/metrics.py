"""Prometheus metrics of a worker, summed over its serving processes when they are scraped."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Exemplar, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pretzel.data_plane.measure.aggregate import Numbers, merge
from pretzel.data_plane.measure.counters import BOUNDS
from pretzel.data_plane.measure.triton import triton_families
from pretzel.serving import metrics_server
from pretzel.serving.identity.http import Gate
from pretzel.serving.tls import ServerTls

PATIENCE = 5.0
"""Timeout of a scrape in seconds."""
COUNTS = {
    "load_failures": "Plans that could not be loaded.",
    "evictions": "Plans evicted from memory.",
    "result_evictions": "Kept answers dropped for others.",
    "shadow_calls": "Calls that were drawn for a shadow.",
    "shadow_dropped": "Copies of calls that were dropped, because too many waited or their shadow had ended.",
    "shadow_failures": "Copies that a shadow did not answer.",
    "shadow_rows": "Rows whose answers were compared with those of a shadow.",
    "shadow_disagreeing": "Rows whose answers differ from those of a shadow.",
    "python_calls": "Calls of Python stages in side processes.",
    "python_seconds": "Time of these calls.",
    "python_crashes": "Calls that ended their side process.",
    "python_timeouts": "Calls that took longer than they may.",
    "gathered_runs": "Runs of several requests for one plan that waited.",
    "gathered_requests": "Requests in such runs.",
    "gathered_rows": "Rows in such runs.",
    "request_log_rows": "Rows written to request logs.",
    "request_log_dropped": "Calls that were not logged because too many waited for it.",
    "request_log_failures": "Calls that were not logged because the files could not be written.",
    "processor_seconds": "Processor time of the serving processes.",
}
GAUGES = {
    "resident_bytes": "Bytes of the plans in memory; shared objects count once per process.",
    "resident_plans": "Plans in memory.",
    "fused_bytes": "Bytes of weights that fused kernels hold in addition to those of the plans.",
    "result_bytes": "Bytes of kept answers and their requests.",
    "python_processes": "Side processes of Python stages.",
    "queued": "Requests that wait for executors or run on them.",
    "running": "Calls being answered.",
    "process_bytes": "Resident memory of the serving processes; shared pages count once per process.",
    "request_bytes": "Bytes reserved for requests that run on executors: columns, rows between kernels, responses.",
}
Scrape = Callable[[], Awaitable[tuple[list[Numbers], Mapping[str, float], Mapping[str, float]]]]
"""Returns the numbers of each process (dead ones first), then the supervisor's counters and gauges."""


class WorkerCollector(Collector):
    """Converts numbers into metric families."""

    def __init__(self, scrape: Scrape, loop: asyncio.AbstractEventLoop) -> None:
        self._scrape, self._loop = scrape, loop

    def describe(self) -> Iterable[Metric]:
        """Return nothing: no numbers may exist at registration."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Return all families.  Called by the HTTP server's threads."""
        future = asyncio.run_coroutine_threadsafe(_awaited(self._scrape()), self._loop)
        parts, counters, gauges = future.result(PATIENCE)
        yield from families(parts, counters, gauges)


def families(parts: list[Numbers], counters: Mapping[str, float], gauges: Mapping[str, float]) -> Iterable[Metric]:
    """Return the metric families of one scrape."""
    total = merge(parts)
    yield from _calls(total)
    errors = CounterMetricFamily("pretzel_errors", "Calls that failed.", labels=["method", "model", "code"])
    for *labels, count in total["errors"]:
        errors.add_metric(labels, count)
    yield errors
    http = CounterMetricFamily("pretzel_http_requests", "Requests over HTTP/1.", labels=["method", "status"])
    for *labels, count in total["http"]:
        http.add_metric(labels, count)
    yield http
    loads = HistogramMetricFamily("pretzel_load_seconds", "Time to load a plan.")
    loads.add_metric([], *_histogram(*total["loads"]))
    yield loads
    waits = HistogramMetricFamily("pretzel_queue_wait_seconds", "Time that requests waited for an executor thread.")
    waits.add_metric([], *_histogram(*total["waits"]))
    yield waits
    rejected = CounterMetricFamily("pretzel_rejected", "Requests rejected before they ran.", labels=["reason"])
    for reason, count in total["rejected"].items():
        rejected.add_metric([reason], count)
    yield rejected
    limits = CounterMetricFamily(
        "pretzel_limit_refusals", "Calls and messages refused by a limit of their caller.", labels=["limit"]
    )
    for limit, count in total["limits"].items():
        limits.add_metric([limit], count)
    yield limits
    yield _look_ups(total)
    for name, text in COUNTS.items():
        yield CounterMetricFamily(f"pretzel_{name}", text, value=total["counts"].get(name, 0))
    yield from triton_families(total["triton"])
    yield from _background(parts, total)
    live = [part["gauges"] for part in parts if part.get("gauges")]
    for name, text in GAUGES.items():
        yield GaugeMetricFamily(f"pretzel_{name}", text, value=sum(part.get(name, 0) for part in live))
    for name, value in counters.items():
        yield CounterMetricFamily(f"pretzel_{name}", name.replace("_", " ").capitalize() + ".", value=value)
    for name, value in gauges.items():
        yield GaugeMetricFamily(f"pretzel_{name}", name.replace("_", " ").capitalize() + ".", value=value)


def serve(
    collector: Collector, host: str, port: int, tls: ServerTls | None = None, gate: Gate | None = None
) -> tuple[int, Callable[[], None]]:
    """Serve `/metrics` to those whom ``gate`` lets in, and return the port and the function that stops it.

    Raises:
        PreconditionError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    endpoint = metrics_server.serve(registry, host, port, tls=tls, gate=gate)
    return endpoint.port, endpoint.close


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


def _background(parts: list[Numbers], total: Numbers) -> Iterable[Metric]:
    failures = CounterMetricFamily(
        "pretzel_background_failures", "Failures of background tasks, which are restarted.", labels=["task"]
    )
    failing = GaugeMetricFamily(
        "pretzel_background_failing", "Processes in which a background task is failing.", labels=["task"]
    )
    now = Counter(task for part in parts for task in part.get("failing", ()))
    for task, count in sorted(total["background"].items()):
        failures.add_metric([task], count)
        failing.add_metric([task], now[task])
    yield from (failures, failing)


def _look_ups(total: Numbers) -> Metric:
    found = CounterMetricFamily(
        "pretzel_result_look_ups", "Look-ups of kept answers, of models that keep them.", labels=["model", "outcome"]
    )
    for model, counts in total["look_ups"].items():
        for outcome, count in zip(("hit", "miss"), counts, strict=True):
            found.add_metric([model, outcome], count)
    return found


def _calls(total: Numbers) -> Iterable[Metric]:
    seconds = HistogramMetricFamily(
        "pretzel_request_seconds", "Time to answer a call that succeeded.", labels=["method", "model"]
    )
    rows = CounterMetricFamily("pretzel_rows", "Rows answered.", labels=["method", "model"])
    exemplars: dict[Any, dict[int, Exemplar]] = {}
    for method, model, bucket, trace, duration, at in total["exemplars"]:
        exemplars.setdefault((method, model), {})[bucket] = Exemplar({"trace_id": trace}, duration, at)
    for method, model, buckets, spent, count in total["calls"]:
        counts, summed = _histogram(buckets, spent)
        found = exemplars.get((method, model), {})
        shown = [(*pair, found[i]) if i in found else pair for i, pair in enumerate(counts)]
        seconds.add_metric([method, model], shown, summed)
        rows.add_metric([method, model], count)
    yield from (seconds, rows)


def _histogram(buckets: list[int], seconds: float) -> tuple[list[tuple[str, float]], float]:
    """Return cumulative buckets as Prometheus has them, and the sum."""
    bounds = [*map(str, BOUNDS), "+Inf"]
    sums = itertools.accumulate(buckets or [0] * len(bounds))
    return list(zip(bounds, map(float, sums), strict=True)), seconds
