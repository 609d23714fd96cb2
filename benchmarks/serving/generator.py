"""Measure the load generator: its processor time per call, its lateness by rate, and its latency against grpcio's.

The server answers all calls with the same bytes (`sink.py`); it runs on the first core, and the generator on the last.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import uvloop

from benchmarks.serving.load import latency
from benchmarks.serving.servers import sink
from pretzel.loadgen.calls import Request, Transport
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.result import of_run
from pretzel.loadgen.running import ClosedRun, OpenRun
from pretzel.loadgen.schedule import Load, Requests
from pretzel.loadgen.server import Server
from pretzel.loadgen.tally import Tally
from pretzel.loadgen.transports.grpcio import GrpcioTransport
from pretzel.loadgen.transports.http2 import Http2Transport
from pretzel.targets import Tls

METHOD, MESSAGE = "/pretzel.v1.PredictionService/Predict", b"x" * 150
RATES = (1_000, 20_000, 60_000, 100_000, 120_000, 140_000, 160_000)
SECONDS, WARM_UP, TIMEOUT = 1.0, 0.2, 10.0
CONNECTIONS = 4


async def _measure(load: Load, transport: Transport) -> dict[str, Any]:
    transport.prepare([Request("m", 1, METHOD, MESSAGE)])
    await transport.open()
    tally, drawn = Tally([1]), Requests(1, Sizes.parse("1"), 0.0)
    run = ClosedRun if load.callers else OpenRun
    start = time.process_time()
    await run(load, transport, tally, drawn.endless(load) if load.callers else drawn.open(load)).run()
    cpu = time.process_time() - start
    await transport.close()
    return of_run(load, tally, None, cpu)


def _line(name: str, result: dict[str, Any]) -> None:
    quantiles, own = result["latency_ms"], result["generator"]
    late = own.get("late_ms", {})
    print(
        f"{name:28} {result['calls_per_second']:>9,.0f} answers/s  {own['cpu_us_per_call']:6.2f} us/call"
        f"  p50 {quantiles['p50']:8.3f}  p99 {quantiles['p99']:8.3f} ms  failures {result['failures']}"
        + (f"  late p50 {late['p50']:.3f}, p99 {late['p99']:.3f} ms" if late else ""),
        flush=True,
    )


def main() -> None:
    """Print a line for each load."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    with sink() as port:
        os.sched_setaffinity(0, {cores[-1]})
        server = Server(f"127.0.0.1:{port}", Tls(), TIMEOUT)
        times = {"seconds": SECONDS, "warm_up": WARM_UP, "timeout": TIMEOUT}
        closed = Load(callers=256, **times)
        _line("256 callers", uvloop.run(_measure(closed, Http2Transport(server, CONNECTIONS))))
        for rate in RATES:
            load = Load(rate=rate, **times)
            _line(f"{rate:,} a second", uvloop.run(_measure(load, Http2Transport(server, CONNECTIONS))))
        for name, kind in (("ngh2", Http2Transport), ("grpcio", GrpcioTransport)):
            for rate in (100, 1_000):
                load = Load(rate=rate, arrivals="even", **times)
                _line(f"{name}, {rate:,} a second", asyncio.run(_measure(load, kind(server, 1))))
            _line(f"{name}, one caller", asyncio.run(_measure(Load(callers=1, **times), kind(server, 1))))
        print(f"{'grpcio, blocking':28} p50 {latency(server.address, METHOD, MESSAGE) * 1e3:.3f} ms")


if __name__ == "__main__":
    main()
