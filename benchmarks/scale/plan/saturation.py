"""Measure where one control plane saturates: ``python -m benchmarks.scale.plan.saturation [--write]``.

A real control plane, deployments by several clients at once, watchers that read each change, and reports from several
connections.  Clients and watchers run on the same cores, so that the rates are lower bounds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import grpc

import pretzel
from benchmarks.harness import circumstances
from benchmarks.scale.plan.control import RESULT
from benchmarks.scale.siblings import Family
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

WATCHERS = (0, 10, 100)
SECONDS = 5.0
CLIENTS = 4
CONNECTIONS = 8


@contextmanager
def control_plane() -> Iterator[str]:
    """Run a control plane over an empty directory, and yield its address."""
    with tempfile.TemporaryDirectory() as directory:
        words = ["control-plane", f"--data-dir={directory}", "--control-port=0", "--control-metrics-port=0"]
        command = [sys.executable, "-P", "-m", "pretzel.cli", *words, "--log-level=error"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["address"]
        finally:
            process.terminate()
            process.wait(60)


def deployments(address: str, family: Family, watchers: int, seconds: float, numbers: Iterator[int]) -> float:
    """Return deployments a second by several clients while watchers follow the catalog."""
    with ExitStack() as stack:
        for first in range(0, watchers, 100):
            stack.enter_context(_watching(address, range(first, min(watchers, first + 100))))

        def deploy(plane: pretzel.ControlPlane) -> None:
            number = next(numbers)
            plane.deploy(f"model-{number:06d}", family.sibling(number))

        planes = [stack.enter_context(pretzel.ControlPlane(address)) for _ in range(CLIENTS)]
        return _rate([lambda plane=plane: deploy(plane) for plane in planes], seconds)  # type: ignore[misc]


@contextmanager
def _watching(address: str, names: range) -> Iterator[None]:
    """Follow the catalog under some names over one connection, each in a stream that is read."""
    with grpc.insecure_channel(address) as channel:
        stub = WorkerServiceStub(channel)  # type: ignore[no-untyped-call]
        streams = [stub.Watch(pb.WatchRequest(worker=f"watcher-{name}")) for name in names]
        for stream in streams:
            next(stream)
        with ThreadPoolExecutor(len(streams)) as pool:
            for stream in streams:
                pool.submit(_drain, stream)
            try:
                yield
            finally:
                for stream in streams:
                    stream.cancel()


def _drain(stream: Any) -> None:
    try:
        for _ in stream:
            pass
    except grpc.RpcError:
        return


def reports(address: str, workers: int, seconds: float) -> float:
    """Return reports a second of workers under so many names."""
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(address, OWN)) for _ in range(CONNECTIONS)]
        stubs = [WorkerServiceStub(channel) for channel in channels]  # type: ignore[no-untyped-call]
        turns = count()

        def report(stub: WorkerServiceStub) -> None:
            stub.Report(pb.ReportRequest(worker=f"worker-{next(turns) % workers}", address="10.0.0.1:8001"), timeout=10)

        return _rate([lambda stub=stub: report(stub) for stub in stubs], seconds)  # type: ignore[misc]


OWN = (("grpc.use_local_subchannel_pool", 1),)


def _rate(calls: list[Callable[[], None]], seconds: float) -> float:
    """Return calls a second, each repeated on a thread of its own."""
    end, made, lock = time.perf_counter() + seconds, 0, threading.Lock()

    def repeat(call: Callable[[], None]) -> None:
        nonlocal made
        while time.perf_counter() < end:
            call()
            with lock:
                made += 1

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(repeat, call) for call in calls]:
            future.result()
    return made / (time.perf_counter() - begun)


def measure(watchers: tuple[int, ...] = WATCHERS, seconds: float = SECONDS, features: int = 4000) -> dict[str, Any]:
    """Return the rates of one control plane."""
    family, numbers = Family.fitted(features), count()
    with control_plane() as address:
        with pretzel.ControlPlane(address) as plane:
            plane.deploy("first", family.definition)
        rates = {number: deployments(address, family, number, seconds, numbers) for number in watchers}
        return {"deployments": rates, "reports": reports(address, 1000, seconds), "models": next(numbers)}


def main() -> None:
    """Print the rates; ``--write`` also writes them for the plan."""
    found = measure()
    print(json.dumps(found))
    if "--write" in sys.argv[1:]:
        RESULT.write_text(json.dumps(circumstances() | found, indent=1) + "\n")


if __name__ == "__main__":
    main()
