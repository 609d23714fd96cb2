"""Measure the goodput of an overloaded expensive model: ``python -m benchmarks.serving.overload``.

A worker on one core serves an open loop of requests with deadlines; the generator uses the other core.  Arrivals are
random (Poisson) and never wait for answers.  Goodput is the number of answers within their deadline per second.

The machine may be busy, so the capacity is measured again before each run.  The last column is the share of the
server's CPU time spent on answers in time: 100 % if nothing was wasted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.serving.models import neighbors
from benchmarks.serving.worker import worker
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

LOADS = (0.5, 0.8, 1.0, 1.3, 2.0, 4.0)
"""Offered load, as a multiple of the capacity."""
SERVER_CORE, GENERATOR_CORE = 0, 1


@dataclass
class Outcome:
    """The counts of one run: requests answered in time, late and rejected."""

    offered: float
    seconds: float
    spent: float = 0.0
    """CPU seconds of the server."""
    taken: list[float] = field(default_factory=list)
    """Seconds of each answer in time."""
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def goodput(self) -> float:
        """Return the answers in time per second."""
        return len(self.taken) / self.seconds

    def quantile(self, part: float) -> float:
        """Return this quantile of the latency."""
        return float(np.quantile(self.taken, part)) if self.taken else float("nan")


class Generator:
    """Calls one model of a worker."""

    def __init__(self, port: int, request: pb.PredictRequest) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._stub, self._request = PredictionServiceStub(self._channel), request

    async def capacity(self, seconds: float, callers: int = 4) -> float:
        """Return the answers per second to so many closed-loop callers."""
        end, count = time.monotonic() + seconds, 0

        async def caller() -> None:
            nonlocal count
            while time.monotonic() < end:
                await self._stub.Predict(self._request, timeout=60)
                count += 1

        started = time.monotonic()
        await asyncio.gather(*(caller() for _ in range(callers)))
        return count / (time.monotonic() - started)

    async def offer(self, rate: float, deadline: float, seconds: float) -> Outcome:
        """Send ``rate`` requests per second without waiting for answers, and return the outcome."""
        outcome, draw = Outcome(rate, seconds), random.Random(1)
        started, at, calls = time.monotonic(), 0.0, []
        while (at := at + draw.expovariate(rate)) < seconds:
            await asyncio.sleep(max(0.0, started + at - time.monotonic()))
            calls.append(asyncio.create_task(self._call(deadline, outcome)))
        await asyncio.gather(*calls)
        return outcome

    async def _call(self, deadline: float, outcome: Outcome) -> None:
        start = time.monotonic()
        try:
            await self._stub.Predict(self._request, timeout=deadline)
        except grpc.aio.AioRpcError as error:
            outcome.codes[error.code().name] += 1
        else:
            outcome.codes["OK"] += 1
            if (taken := time.monotonic() - start) <= deadline:
                outcome.taken.append(taken)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Pin this process to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def measure_overload(
    ready: Mapping[str, Any], request: pb.PredictRequest, deadlines: list[float], seconds: float
) -> None:
    """Print one line per deadline and load."""
    generator, pid = Generator(ready["port"], request), ready["processes"][0]
    await generator.capacity(1)
    before = processor_seconds(pid)
    rate = await generator.capacity(seconds)
    cost = (processor_seconds(pid) - before) / (rate * seconds)
    print(f"{cost * 1000:.1f} ms of CPU time per answer\n")
    print(
        "| deadline | load | capacity/s | offered/s | goodput/s | of possible | rejected | late | p50 | p99 | in time |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for deadline in deadlines:
        for load in LOADS:
            capacity = await generator.capacity(min(seconds, 3))
            before = processor_seconds(pid)
            outcome = await generator.offer(capacity * load, deadline, seconds)
            outcome.spent = processor_seconds(pid) - before
            print(line(deadline, load, outcome, capacity, cost), flush=True)
    await generator.close()


def processor_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(deadline: float, load: float, outcome: Outcome, capacity: float, cost: float) -> str:
    """Format one line of the table."""
    codes = outcome.codes
    late = codes.total() - codes["RESOURCE_EXHAUSTED"] - len(outcome.taken)
    could = min(capacity, codes.total() / outcome.seconds)
    cells: list[Any] = [f"{deadline * 1000:.0f} ms", f"{load:g}", f"{capacity:.1f}", f"{outcome.offered:.1f}"]
    cells += [f"{outcome.goodput:.1f}", f"{outcome.goodput / could:.0%}", codes["RESOURCE_EXHAUSTED"], late]
    cells += [f"{outcome.quantile(part) * 1000:.0f} ms" for part in (0.5, 0.99)]
    cells.append(f"{len(outcome.taken) * cost / max(outcome.spent, 1e-9):.0%}")
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Start a worker and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deadlines", default="250,1000", help="milliseconds")
    parser.add_argument("--seconds", type=float, default=8.0, help="seconds per run")
    parser.add_argument("--rows", type=int, default=8, help="rows per request; they determine the service time")
    arguments = parser.parse_args()
    rows = np.random.default_rng(1).normal(size=(arguments.rows, neighbors.WIDTH))
    request = pb.PredictRequest(model="neighbors", columns=columns_to_proto({neighbors.INPUT: rows}))
    deadlines = [float(text) / 1000 for text in arguments.deadlines.split(",")]
    with tempfile.TemporaryDirectory() as cache:
        with pinned(SERVER_CORE):
            running = worker(Path(cache), {"neighbors": neighbors.definition()})
            ready = running.__enter__()
        try:
            with pinned(GENERATOR_CORE):
                asyncio.run(measure_overload(ready, request, deadlines, arguments.seconds))
        finally:
            running.__exit__(None, None, None)


if __name__ == "__main__":
    main()
