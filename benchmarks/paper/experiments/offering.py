"""Offer a load of many models to a worker, and keep the latencies of single rows and of batches."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.paper.workloads import Member, Workload
from pretzel.loadgen.calls import Request
from pretzel.loadgen.histogram import Histogram
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.protocols.predictions import PATH
from pretzel.loadgen.running import ClosedRun, OpenRun
from pretzel.loadgen.schedule import Load, Requests
from pretzel.loadgen.server import Server
from pretzel.loadgen.tally import Tally
from pretzel.loadgen.transports import transport_of
from pretzel.plan.definition import Definition
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.targets import Tls
from pretzel.v1 import prediction_pb2 as pb

ONE, BATCH = 1, 100
ZIPF = 2.0
TIMEOUT = 10.0
WARM_UP_SHARE = 0.1
CONNECTIONS = 8


class Definitions(Mapping[str, Definition]):
    """The definitions of members, read when they are asked for: those of all take gigabytes."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = {member.name: member for member in members}
        self.columns: dict[str, str] = {}
        """The input of each definition that was read."""

    def __getitem__(self, name: str) -> Definition:
        """Read a definition."""
        definition = self._members[name].exported()
        (taken,) = definition.inputs
        self.columns[name] = taken.column
        return definition

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._members)

    def __len__(self) -> int:
        """Return their number."""
        return len(self._members)


def request(name: str, column: str, workload: Workload, count: int, first: int) -> Request:
    """Return the call of a model with so many rows of its workload, from a given one on."""
    rows = [workload.rows[(first + i) % len(workload.rows)] for i in range(count)]
    values = Texts.of(rows) if isinstance(rows[0], str) else np.asarray(rows)
    message = pb.PredictRequest(model=name, columns=columns_to_proto({column: values}), outputs=["predict"])
    return Request(name, count, PATH, message.SerializeToString())


def is_sensitive(rank: int) -> bool:
    """Return whether the model of a rank gets single rows: one half of each of two workloads that take turns."""
    return (rank + rank // 2) % 2 == 0


def offer(
    port: int, requests: Sequence[Request], seconds: float, rate: float = 0.0, callers: int = 0
) -> dict[str, Any]:
    """Send calls at a rate, or by callers who wait for their answers; models are drawn by Zipf's law."""
    load = Load(seconds, WARM_UP_SHARE * seconds, callers, rate, timeout=TIMEOUT)
    return asyncio.run(_offer(port, requests, load))


async def _offer(port: int, requests: Sequence[Request], load: Load) -> dict[str, Any]:
    transport = transport_of(Server(f"127.0.0.1:{port}", Tls(), TIMEOUT), "pretzel", CONNECTIONS)
    await transport.open()
    transport.prepare(requests)
    drawn, tally = Requests(len(requests), Sizes((1,), (1.0,)), ZIPF), Tally([item.rows for item in requests])
    run = (
        ClosedRun(load, transport, tally, drawn.endless(load))
        if load.callers
        else OpenRun(load, transport, tally, drawn.open(load))
    )
    gc.collect()
    gc.freeze()  # a collection would delay calls
    try:
        await run.run()
    finally:
        gc.unfreeze()
        await transport.close()
    return _figures(load, tally)


def _figures(load: Load, tally: Tally) -> dict[str, Any]:
    seconds, parts = max(load.measured, tally.last - tally.start), tally.by_rows()
    ended = tally.statuses.total()
    return {
        "offered": load.rate,
        "calls_per_second": tally.answers / seconds,
        "rows_per_second": tally.rows / seconds,
        "failed": tally.failures / max(1, ended),
        "statuses": dict(tally.statuses),
        "late_p99_ms": _milliseconds(tally.late, 0.99),
        "sensitive_mean_ms": _finite(1e3 * parts[ONE].mean),
        "sensitive_p99_ms": _milliseconds(parts[ONE], 0.99),
        "batch_mean_ms": _finite(1e3 * parts[BATCH].mean),
        "batch_p99_ms": _milliseconds(parts[BATCH], 0.99),
    }


def _milliseconds(histogram: Histogram, q: float) -> float | None:
    return _finite(1e3 * histogram.quantile(q)) if len(histogram) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
