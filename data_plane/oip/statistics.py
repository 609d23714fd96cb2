"""Counts what this process answered over the protocol, by version, in nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pretzel.data_plane.oip.counted import Counted, Sums
from pretzel.inference import service_pb2 as pb
from pretzel.plan.model import ModelVersion

MOST_SIZES = 256
"""Batch sizes with numbers of their own per version: clients choose them, so they need a bound."""
_BATCH = ("compute_input", "compute_infer", "compute_output")
_RUN = ("queue", *_BATCH)
NUMBERS = ("success", "fail", "rows", "runs", "request", "queue", "input", "infer", "output", "hits", "hit")
"""Numbers of a version, counts first, then nanoseconds; at last the kept answers and their nanoseconds."""


class Served:
    """The numbers of one version."""

    def __init__(self, version: ModelVersion) -> None:
        self.version = version
        self.counted = Counted(MOST_SIZES)

    def message(self, memory: int) -> pb.ModelStatistics:
        """Return these numbers; ``memory``: bytes that the version holds now."""
        counted = self.counted
        batches = [
            pb.InferBatchStatistics(batch_size=size, **dict(zip(_BATCH, _durations(sums)[1:], strict=True)))
            for size, sums in sorted(counted.batches.items())
        ]
        return pb.ModelStatistics(
            name=self.version.model,
            version=str(self.version.version),
            last_inference=counted.last,
            inference_count=counted.rows,
            execution_count=counted.all.count,
            inference_stats=pb.InferStatistics(**self._durations()),
            batch_stats=batches,
            memory_usage=[pb.MemoryUsage(type="CPU", id=0, byte_size=memory)] if memory else [],
        )

    def numbers(self) -> list[Any]:
        """Return the model, the version, and the numbers of :data:`NUMBERS` in their order."""
        counted = self.counted
        answered, seconds = counted.all.count + counted.hits, counted.success + counted.hit
        found = [answered, counted.fails, counted.rows, counted.all.count, seconds, *counted.all.parts]
        return [self.version.model, str(self.version.version), *found, counted.hits, counted.hit]

    def _durations(self) -> dict[str, pb.StatisticDuration]:
        counted = self.counted
        return {
            **{item.name: pb.StatisticDuration() for item in pb.InferStatistics.DESCRIPTOR.fields},
            "success": pb.StatisticDuration(count=counted.all.count + counted.hits, ns=counted.success + counted.hit),
            "cache_hit": pb.StatisticDuration(count=counted.hits, ns=counted.hit),
            "fail": pb.StatisticDuration(count=counted.fails, ns=counted.fail),
            **dict(zip(_RUN, _durations(counted.all), strict=True)),
        }


def _durations(sums: Sums) -> list[pb.StatisticDuration]:
    return [pb.StatisticDuration(count=sums.count, ns=ns) for ns in sums.parts]


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

    def numbers(self) -> list[list[Any]]:
        """Return the numbers of all versions, as plain values."""
        return [served.numbers() for served in self]

    def __iter__(self) -> Any:
        """Return all numbers, by model and version."""
        return iter(sorted(self._served.values(), key=lambda served: (served.version.model, served.version.version)))
