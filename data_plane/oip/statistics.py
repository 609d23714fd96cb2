"""Counts what this process answered over the protocol, by version, in nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pretzel.inference import service_pb2 as pb
from pretzel.plan.model import ModelVersion

MOST_SIZES = 256
"""Batch sizes with numbers of their own per version: clients choose them, so they need a bound."""
_BATCH = ("compute_input", "compute_infer", "compute_output")
_RUN = ("queue", *_BATCH)


@dataclass(slots=True)
class Duration:
    """A number of events, and their time together."""

    count: int = 0
    ns: int = 0

    def add(self, ns: int) -> None:
        """Count one event."""
        self.count += 1
        self.ns += max(ns, 0)

    @property
    def message(self) -> pb.StatisticDuration:
        """The message of this duration."""
        return pb.StatisticDuration(count=self.count, ns=self.ns)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one request in nanoseconds."""

    queue: int
    compute_input: int
    compute_infer: int
    compute_output: int


@dataclass(slots=True)
class Served:
    """The numbers of one version."""

    version: ModelVersion
    last: int = 0
    """Milliseconds since the epoch."""
    rows: int = 0
    durations: dict[str, Duration] = field(default_factory=dict)
    batches: dict[int, dict[str, Duration]] = field(default_factory=dict)

    def succeeded(self, rows: int, times: Times, ns: int) -> None:
        """Count a request that was answered after ``ns`` nanoseconds."""
        self.last, self.rows = time.time_ns() // 1_000_000, self.rows + rows
        self._add("success", ns)
        batch = self.batches.get(rows)
        if batch is None and len(self.batches) < MOST_SIZES:
            batch = self.batches[rows] = {name: Duration() for name in _BATCH}
        for name in _RUN:
            self._add(name, getattr(times, name))
        for name in batch or ():
            self.batches[rows][name].add(getattr(times, name))

    def failed(self, ns: int) -> None:
        """Count a request that failed after ``ns`` nanoseconds."""
        self._add("fail", ns)

    def message(self, memory: int) -> pb.ModelStatistics:
        """Return these numbers; ``memory``: bytes that the version holds now."""
        batches = [
            pb.InferBatchStatistics(batch_size=size, **{name: part.message for name, part in parts.items()})
            for size, parts in sorted(self.batches.items())
        ]
        return pb.ModelStatistics(
            name=self.version.model,
            version=str(self.version.version),
            last_inference=self.last,
            inference_count=self.rows,
            execution_count=self.durations.get("success", Duration()).count,
            inference_stats=pb.InferStatistics(**self._messages()),
            batch_stats=batches,
            memory_usage=[pb.MemoryUsage(type="CPU", id=0, byte_size=memory)] if memory else [],
        )

    def _add(self, name: str, ns: int) -> None:
        self.durations.setdefault(name, Duration()).add(ns)

    def _messages(self) -> dict[str, Any]:
        names = [item.name for item in pb.InferStatistics.DESCRIPTOR.fields]
        return {name: self.durations.get(name, Duration()).message for name in names}


class Statistics:
    """The numbers of all versions that this process was asked for."""

    def __init__(self) -> None:
        self._served: dict[str, Served] = {}

    def of(self, version: ModelVersion) -> Served:
        """Return the numbers of a version, which the caller may update."""
        return self._served.setdefault(str(version), Served(version))

    def read(self, versions: Iterable[ModelVersion]) -> list[Served]:
        """Return the numbers of these versions, zero for those without requests."""
        return [self._served.get(str(version)) or Served(version) for version in versions]

    def __iter__(self) -> Any:
        """Return all numbers, by model and version."""
        return iter(sorted(self._served.values(), key=lambda served: (served.version.model, served.version.version)))
