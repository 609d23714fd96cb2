"""Unary Predict of a tiny model against a bare grpc.aio echo of the same bytes: the overhead over gRPC itself.

Each side is a separate process with the same client.  Two lines each: sequential calls, and concurrent ones.  The CPU
time of each server per call is printed too, because the client's own cost hides part of the ratio of rates.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.harness import Row, compare
from pretzel.compiler.compile import compile_plan
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.model import Model, ModelVersion
from pretzel.plan.parameter import Parameter
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

WIDTH = 20
BURST = 256
METHOD = "/pretzel.v1.PredictionService/Predict"
NOWHERE = "127.0.0.1:9"


class Side:
    """A server and one channel to it."""

    def __init__(self, port: int, pid: int, loop: asyncio.AbstractEventLoop, request: bytes) -> None:
        self.pid, self._loop, self._request = pid, loop, request
        self._call = loop.run_until_complete(self._connect(port))
        self.calls = 0

    async def _connect(self, port: int) -> Callable[[bytes], Any]:
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return self.channel.unary_unary(METHOD)

    def one(self) -> None:
        """Make one call."""
        self.calls += 1
        self._loop.run_until_complete(self._await(1))

    def burst(self) -> None:
        """Make many concurrent calls."""
        self.calls += BURST
        self._loop.run_until_complete(self._await(BURST))

    async def _await(self, count: int) -> None:
        await asyncio.gather(*(self._call(self._request) for _ in range(count)))

    def processor_seconds(self) -> float:
        """Return the CPU seconds of the server so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure() -> list[Row]:
    """Compare sequential and concurrent calls."""
    loop = asyncio.new_event_loop()
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": np.ones((1, WIDTH))}), outputs=["predict"])
    with tempfile.TemporaryDirectory() as cache, _worker(Path(cache)) as ready, _echo() as echo:
        ours = Side(ready["port"], ready["processes"][0], loop, request.SerializeToString())
        theirs = Side(echo["port"], echo["pid"], loop, request.SerializeToString())
        before = [side.processor_seconds() for side in (ours, theirs)]
        rows = [
            compare("Predict, sequential calls", "bare grpc.aio echo", ours.one, theirs.one),
            compare(f"Predict, {BURST} concurrent calls", "bare grpc.aio echo", ours.burst, theirs.burst, rows=BURST),
        ]
        for side, start, name in zip((ours, theirs), before, ("Predict", "echo"), strict=True):
            spent = (side.processor_seconds() - start) / side.calls
            print(f"{name}: {spent * 1e6:.0f} us of server CPU time per call")
        for side in (ours, theirs):
            loop.run_until_complete(side.channel.close())
    return rows


def _model() -> Definition:
    rng = np.random.default_rng(0)
    x = ops.Affine(ops.Input("x", f"f64[{WIDTH}]"), *(Parameter.of(rng.normal(size=WIDTH)) for _ in range(2)))
    return Definition({"predict": ops.Linear(x, Parameter.of(rng.normal(size=WIDTH)), Parameter.of(np.zeros(1)))})


@contextlib.contextmanager
def _worker(path: Path) -> Iterator[dict[str, Any]]:
    """Start a worker that serves the model from its cache."""
    definition = _model()
    plan = compile_plan(definition).plan
    cache = ObjectCache(path)
    cache.add(plan.digest, plan.encoded)
    model = Model("m", (ModelVersion("m", 1, plan.digest, definition.digest),), {"stable": 1})
    cache.kept.save(Catalog("benchmark", 1, {"m": encode_model(model)}), {plan.digest: ()})
    cache.close()
    options = ["--port", "0", "--metrics-port", "0", "--control-plane", NOWHERE, "--cache-dir", str(path)]
    with _process("-P", "-m", "pretzel.data_plane", "--log-level", "error", *options) as ready:
        yield ready


@contextlib.contextmanager
def _echo() -> Iterator[dict[str, Any]]:
    with _process("-m", "benchmarks.serving.echo") as ready:
        yield ready


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[dict[str, Any]]:
    """Run a server that prints one line of JSON when it is ready, and stop it afterwards."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)


async def _serve_echo() -> None:
    async def echo(request: bytes, context: object) -> bytes:
        return request

    handlers = {METHOD.rsplit("/", 1)[1]: grpc.unary_unary_rpc_method_handler(echo)}
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(METHOD.split("/")[1], handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"port": port, "pid": os.getpid()}), flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve_echo())
