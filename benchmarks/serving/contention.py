"""Measure the latency of a cheap model under load on an expensive one: ``python -m benchmarks.serving.contention``."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.serving.models import neighbors
from benchmarks.serving.overload import pinned
from benchmarks.serving.worker import worker
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub


def request(model: str, rows: int) -> pb.PredictRequest:
    """Return a request with so many rows."""
    x = np.random.default_rng(1).normal(size=(rows, neighbors.WIDTH))
    return pb.PredictRequest(model=model, columns=columns_to_proto({neighbors.INPUT: x}))


async def measure_contention(ready: Mapping[str, Any], callers: int, seconds: float, rows: int, few: int) -> None:
    """Print latencies of the cheap model, of its first call and of later ones, during closed-loop load on the other."""
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{ready['port']}")
    stub = PredictionServiceStub(channel)
    heavy, cheap, heavies = request("heavy", rows), request("cheap", few), [0.0]
    end = time.monotonic() + seconds

    async def caller() -> None:
        while time.monotonic() < end:
            heavies.append(await timed(stub, heavy))

    calling = [asyncio.create_task(caller()) for _ in range(callers)]
    await asyncio.sleep(seconds / 4)
    first = await timed(stub, cheap)
    later = []
    while time.monotonic() < end:
        later.append(await timed(stub, cheap))
        await asyncio.sleep(0.05)
    await asyncio.gather(*calling)
    alone = np.median([await timed(stub, cheap) for _ in range(20)])
    latencies = [first, *np.quantile(later, (0.5, 0.99)), alone, *np.quantile(heavies, (0.5, 0.99))]
    print(
        "first {:.1f}, then p50 {:.1f}, p99 {:.1f}, alone {:.1f}; heavy p50 {:.0f}, p99 {:.0f} ms".format(
            *(1000 * seconds for seconds in latencies)
        ),
        f"{len(heavies) / seconds:.1f}/s",
    )
    await channel.close()


async def timed(stub: PredictionServiceStub, request: pb.PredictRequest) -> float:
    """Return the seconds of one call."""
    start = time.monotonic()
    await stub.Predict(request, timeout=60)
    return time.monotonic() - start


def main() -> None:
    """Start a worker and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rows", type=int, default=1000, help="rows per expensive request")
    parser.add_argument("--few", type=int, default=16, help="rows per cheap request")
    arguments = parser.parse_args()
    models = {"heavy": neighbors.definition(), "cheap": neighbors.definition(seed=1)}
    with tempfile.TemporaryDirectory() as cache, pinned(0), worker(Path(cache), models) as ready, pinned(1):
        asyncio.run(measure_contention(ready, arguments.callers, arguments.seconds, arguments.rows, arguments.few))


if __name__ == "__main__":
    main()
