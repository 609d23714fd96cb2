"""Offer a load of many models to a worker, and keep the latencies of single rows and of batches."""

from __future__ import annotations

import asyncio
import gc
import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.paper.workloads import Member, Workload
from pretzel.loadgen.arrivals import times_of
from pretzel.loadgen.calls import Request, Transport
from pretzel.loadgen.histogram import Histogram
from pretzel.loadgen.mix import Sizes, drawn, zipf
from pretzel.loadgen.protocols.predictions import PATH
from pretzel.loadgen.running import ClosedRun, OpenRun
from pretzel.loadgen.schedule import Blocks, Load, Requests
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
RESERVED = 4
"""The rank of the model whose latency is measured alone: a text model that gets 2.4 % of the calls, single rows."""


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


def capacity(port: int, requests: Sequence[Request], seconds: float, callers: int) -> float:
    """Return the calls per second of callers who wait for their answers; models are drawn by Zipf's law."""
    load = Load(seconds, WARM_UP_SHARE * seconds, callers, timeout=TIMEOUT)
    return float(asyncio.run(_closed(port, requests, load))["calls_per_second"])


def offer(ports: tuple[int, int], requests: Sequence[Request], seconds: float, rate: float) -> dict[str, Any]:
    """Send calls at a rate, at random times; models are drawn by Zipf's law.

    Args:
        ports: of the worker of the reserved model, and of that of all others; they may be the same.
        requests: one for each model, the most called one first.
        seconds: the time measured.
        rate: calls per second in all.
    """
    load = Load(seconds, WARM_UP_SHARE * seconds, 0, rate, timeout=TIMEOUT)
    return asyncio.run(_open(ports, requests, load))


def separated(models: int) -> tuple[list[int], list[int]]:
    """Return the ranks of the reserved model, and of all others."""
    return [RESERVED], [rank for rank in range(models) if rank != RESERVED]


async def _closed(port: int, requests: Sequence[Request], load: Load) -> dict[str, Any]:
    drawn, tally = Requests(len(requests), Sizes((1,), (1.0,)), ZIPF), Tally([item.rows for item in requests])
    async with _connected(port, requests) as transport:
        await ClosedRun(load, transport, tally, drawn.endless(load)).run()
    return _figures(load, (tally,))


async def _open(ports: tuple[int, int], requests: Sequence[Request], load: Load) -> dict[str, Any]:
    shares = zipf(len(requests), ZIPF)
    tallies = []
    async with AsyncExitStack() as stack:
        runs = []
        for number, (port, part) in enumerate(zip(ports, separated(len(requests)), strict=True)):
            own = replace(load, rate=load.rate * float(shares[part].sum()), seed=number)
            asked = [requests[rank] for rank in part]
            transport = await stack.enter_async_context(_connected(port, asked))
            tallies.append(Tally([item.rows for item in asked]))
            runs.append(OpenRun(own, transport, tallies[-1], _blocks(own, shares[part])))
        await asyncio.gather(*(run.run() for run in runs))
    return _figures(load, tallies) | {
        "reserved_mean_ms": _finite(1e3 * tallies[0].latency().mean),
        "reserved_p99_ms": _milliseconds(tallies[0].latency(), 0.99),
    }


@asynccontextmanager
async def _connected(port: int, requests: Sequence[Request]) -> AsyncIterator[Transport]:
    transport = transport_of(Server(f"127.0.0.1:{port}", Tls(), TIMEOUT), "pretzel", CONNECTIONS)
    await transport.open()
    transport.prepare(requests)
    gc.collect()
    gc.freeze()  # a collection would delay calls
    try:
        yield transport
    finally:
        gc.unfreeze()
        await transport.close()


def _blocks(load: Load, shares: np.ndarray) -> Blocks:
    """Yield the calls of an open loop over models with these shares."""
    random = np.random.default_rng(load.seed)
    times = times_of(load.arrivals, load.rate, load.end, load.burst, random)
    for due, kinds in drawn(times, shares / shares.sum(), np.ones(1), random):
        yield due.tolist(), kinds.tolist()


def _figures(load: Load, tallies: Sequence[Tally]) -> dict[str, Any]:
    seconds = max(load.measured, *(tally.last - tally.start for tally in tallies))
    answers, failures = (sum(getattr(tally, name) for tally in tallies) for name in ("answers", "failures"))
    parts = {ONE: Histogram(), BATCH: Histogram()}
    for tally in tallies:
        for rows, histogram in tally.by_rows().items():
            parts[rows].merge(histogram)
    return {
        "offered": load.rate,
        "calls_per_second": answers / seconds,
        "rows_per_second": sum(tally.rows for tally in tallies) / seconds,
        "failed": failures / max(1, answers + failures),
        "statuses": dict(sum((tally.statuses for tally in tallies), Counter())),
        "late_p99_ms": max(_milliseconds(tally.late, 0.99) or 0.0 for tally in tallies),
        "sensitive_mean_ms": _finite(1e3 * parts[ONE].mean),
        "sensitive_p99_ms": _milliseconds(parts[ONE], 0.99),
        "batch_mean_ms": _finite(1e3 * parts[BATCH].mean),
        "batch_p99_ms": _milliseconds(parts[BATCH], 0.99),
    }


def _milliseconds(histogram: Histogram, q: float) -> float | None:
    return _finite(1e3 * histogram.quantile(q)) if len(histogram) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
