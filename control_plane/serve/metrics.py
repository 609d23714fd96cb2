"""Prometheus metrics of the control plane; every label has a bounded set of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pretzel.serving import metrics_server
from pretzel.serving.background import Background
from pretzel.serving.identity.http import Gate
from pretzel.serving.metrics_server import Endpoint
from pretzel.serving.tls import ServerTls

_CALLS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one control plane, in a separate registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.calls = Histogram(
            "pretzel_control_call_seconds",
            "Time to answer a call.",
            ["method", "code"],
            buckets=_CALLS,
            registry=self.registry,
        )
        self.steps = Histogram(
            "pretzel_control_deploy_step_seconds",
            "Time of each step of a deployment.",
            ["step"],
            buckets=_CALLS,
            registry=self.registry,
        )
        self.deployments = self._counter("deployments", "Finished deployments, by status.", "code")
        self.uploaded_objects = self._counter("uploaded_objects", "Objects stored by uploads.")
        self.uploaded_bytes = self._counter("uploaded_bytes", "Bytes stored by uploads.")
        self.fetched_bytes = self._counter("fetched_bytes", "Bytes of objects sent to workers.")
        self.located_objects = self._counter("located_objects", "URLs of objects that workers got.")
        self.collected_objects = self._counter("collected_objects", "Objects removed by garbage collection.")
        self.damaged_objects = self._counter("damaged_objects", "Objects found damaged and moved to quarantine.")
        self.collected_bytes = self._counter("collected_bytes", "Bytes removed by garbage collection.")
        self.background = Background()
        """The background tasks of the control plane, whose failures are exported."""
        self.registry.register(_BackgroundCollector(self.background))

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Export a gauge that is read at each scrape."""
        Gauge(f"pretzel_control_{name}", text, registry=self.registry).set_function(read)

    def watch_total(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Export a total that is counted elsewhere."""
        self.registry.register(_Kept(lambda: [CounterMetricFamily(f"pretzel_control_{name}", text, value=read())]))

    def watch_reasons(self, name: str, text: str, counts: Mapping[str, int], label: str = "reason") -> None:
        """Export totals by a label that are counted elsewhere."""

        def read() -> list[Metric]:
            family = CounterMetricFamily(f"pretzel_control_{name}", text, labels=[label])
            for reason, count in dict(counts).items():
                family.add_metric([reason], count)
            return [family]

        self.registry.register(_Kept(read))

    def watch_caches(self, caches: Mapping[str, Cache]) -> None:
        """Export the size, hits and misses of caches."""
        self.registry.register(_Kept(lambda: _of_caches(caches)))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"pretzel_control_{name}_total", text, labels, registry=self.registry)


class Cache(Protocol):
    """A cache with counters."""

    hits: int
    misses: int

    @property
    def held(self) -> int:
        """Bytes in the cache."""


class _Kept(Collector):
    """Metrics that are read at each scrape."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        return self._read()


def _of_caches(caches: Mapping[str, Cache]) -> Iterable[Metric]:
    held = GaugeMetricFamily("pretzel_control_cache_bytes", "Bytes cached.", labels=["cache"])
    hits = CounterMetricFamily("pretzel_control_cache_hits", "Cache hits.", labels=["cache"])
    misses = CounterMetricFamily("pretzel_control_cache_misses", "Cache misses.", labels=["cache"])
    for name, cache in caches.items():
        for family, value in ((held, cache.held), (hits, cache.hits), (misses, cache.misses)):
            family.add_metric([name], value)
    return held, hits, misses


class _BackgroundCollector(Collector):
    def __init__(self, tasks: Background) -> None:
        self._tasks = tasks

    def describe(self) -> Iterable[Metric]:
        """Return both families."""
        return self.collect()

    def collect(self) -> Iterable[Metric]:
        """Return both families."""
        failures = CounterMetricFamily(
            "pretzel_control_background_failures", "Failures of background tasks, which are restarted.", labels=["task"]
        )
        failing = GaugeMetricFamily(
            "pretzel_control_background_failing", "1 if a background task is failing.", labels=["task"]
        )
        for task, count in sorted(dict(self._tasks.failures).items()):
            failures.add_metric([task], count)
            failing.add_metric([task], int(task in self._tasks.problems))
        return failures, failing


def serve(metrics: Metrics, host: str, port: int, tls: ServerTls | None, gate: Gate | None = None) -> Endpoint:
    """Serve ``/metrics`` on a separate thread, to those whom ``gate`` lets in.

    Raises:
        PreconditionError: the port is taken.
    """
    return metrics_server.serve(metrics.registry, host, port, setting="control_metrics_port", tls=tls, gate=gate)
