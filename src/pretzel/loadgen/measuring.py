"""One measurement: prepare the requests, connect, run, and return the result."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.loadgen import metrics
from pretzel.loadgen.calls import Transport
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.protocols import Prepared, Wanted
from pretzel.loadgen.protocols.predictions import Read
from pretzel.loadgen.result import of_run
from pretzel.loadgen.running import ClosedRun, OpenRun, Run
from pretzel.loadgen.schedule import Load, Requests
from pretzel.loadgen.server import Server
from pretzel.loadgen.tally import Tally
from pretzel.loadgen.transports import transport_of


@dataclass(frozen=True)
class Measurement:
    """Everything that a run needs to know."""

    server: Server
    protocol: str
    models: tuple[str, ...]
    """By popularity, the most popular one first; not used with a trace."""
    sizes: Sizes
    zipf: float
    method: str
    load: Load
    connections: int
    file: Path | None = None
    """The tensors of each request; only of the Open Inference Protocol."""
    read: Read | None = None
    """Reads the rows of each request from a file; only of `pretzel`."""
    slo: float | None = None
    metrics: str = ""
    """URL of the server's metrics."""

    @property
    def wanted(self) -> Wanted:
        """Models and rows of the requests, in order."""
        if self.load.trace is not None:
            return self.load.trace.requests
        return [(model, rows) for model in self.models for rows in self.sizes.rows]


def measure(measurement: Measurement) -> dict[str, Any]:
    """Generate the load, and return the result.

    Raises:
        PretzelError: the server cannot be reached or lacks a model, or no call succeeded.
    """
    return _runner()(_measure(measurement))


def _runner() -> Callable[[Coroutine[Any, Any, dict[str, Any]]], dict[str, Any]]:
    """Return the function that runs a coroutine: uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


async def _measure(measurement: Measurement) -> dict[str, Any]:
    prepared = await _prepare(measurement)
    transport = transport_of(measurement.server, measurement.protocol, measurement.connections)
    before = await metrics.scrape(measurement.metrics) if measurement.metrics else {}
    await transport.open()
    tally = Tally([request.rows for request in prepared.requests])
    run = _run_of(measurement.load, transport, prepared, tally, measurement)
    gc.collect()
    gc.freeze()  # collections among the requests of thousands of models would delay calls
    start = time.process_time()
    try:
        await run.run()
    finally:
        cpu = time.process_time() - start
        gc.unfreeze()
        await transport.close()
    result = _described(measurement, prepared) | of_run(measurement.load, tally, measurement.slo, cpu)
    if measurement.metrics:
        result["server"] = metrics.between(before, await metrics.scrape(measurement.metrics))
    return result


async def _prepare(measurement: Measurement) -> Prepared:
    server, wanted, method = measurement.server, measurement.wanted, measurement.method
    if measurement.protocol == "pretzel":
        from pretzel.loadgen.protocols import predictions

        return await predictions.prepare(server, wanted, method, measurement.read)
    from pretzel.loadgen.protocols import inference

    prepare = inference.prepare if measurement.protocol == "oip" else inference.prepare_rest
    return await prepare(server, wanted, method, measurement.file)


def _run_of(load: Load, transport: Transport, prepared: Prepared, tally: Tally, measurement: Measurement) -> Run:
    transport.prepare(prepared.requests)
    drawn = Requests(len(measurement.models), measurement.sizes, measurement.zipf)
    if load.callers:
        return ClosedRun(load, transport, tally, drawn.endless(load))
    return OpenRun(load, transport, tally, drawn.open(load))


def _described(measurement: Measurement, prepared: Prepared) -> dict[str, Any]:
    """Return the fields that describe the load."""
    load, sizes = measurement.load, measurement.sizes
    names = {model for model, _ in measurement.wanted}
    result: dict[str, Any] = {"model": prepared.model, "method": prepared.method, "protocol": measurement.protocol}
    if len(names) > 1:
        result |= {"models": len(names), "zipf": measurement.zipf}
    if load.callers:
        result |= {"load": "closed loop", "concurrency": load.callers}
    else:
        kind = "trace" if load.trace else load.arrivals
        result |= {"load": f"open loop, {kind}", "rate": None if load.trace else load.rate}
    counts = {request.rows for request in prepared.requests}
    if len(counts) == 1:
        result["rows_per_call"] = counts.pop()
    else:
        result["rows"] = {str(rows): round(share, 4) for rows, share in zip(sizes.rows, sizes.shares, strict=True)}
    return result | {"connections": measurement.connections, "warm_up_seconds": load.warm_up}
