"""Workers that are stopped under load, and with open calls.

Two workers on loopback have the same models, and one gets the signal.  Kubernetes pauses before it (`preStop`), so that
resolvers forget the pod; here every client keeps both addresses, which is harder.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np

import pretzel
from benchmarks.serving.drain.stops import ROUNDS, counted, stated, stopped
from benchmarks.serving.models import neighbors, small
from benchmarks.serving.worker import worker
from pretzel.errors import PretzelError
from pretzel.plan.definition import Definition
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

THREADS, BEFORE, AFTER = 4, 2.0, 1.0
"""Threads that call, and the seconds that they call before the signal and after the exit."""
ROW = small.columns()["wine"]["X"]
SLOW = "neighbors"
Line = tuple[str, str, str, str]
Call, Hold = Callable[[], object], Callable[[], str]


class Load:
    """Threads that call until the block ends; ``outcomes`` counts how the calls ended."""

    def __init__(self, call: Call) -> None:
        self.outcomes: Counter[str] = Counter()
        self.ends: list[tuple[float, float]] = []
        """Time and duration of each answered call."""
        self._call, self._stop = call, threading.Event()
        self._threads = [threading.Thread(target=self._repeat) for _ in range(THREADS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        time.sleep(BEFORE)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(AFTER)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self._call()
            except (PretzelError, grpc.RpcError) as error:
                code = error.code().name if isinstance(error, grpc.RpcError) else type(error).__name__
                self.outcomes[code] += 1
            else:
                self.outcomes["answered"] += 1
                self.ends.append((begun, time.monotonic() - begun))

    def longest(self, since: float) -> tuple[float, float]:
        """Return the longest answered calls that ended before and after a time."""
        before = max(took for begun, took in self.ends if begun + took < since)
        return before, max(took for begun, took in self.ends if begun + took >= since)


@contextlib.contextmanager
def pair(models: dict[str, Definition]) -> Iterator[tuple[str, str, int]]:
    """Start two workers; yield the address of both, that of the second, and its process."""
    with contextlib.ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        ready = [running.enter_context(worker(folder, models)) for folder in folders]
        addresses = [f"127.0.0.1:{facts['port']}" for facts in ready]
        yield f"ipv4:{','.join(addresses)}", addresses[1], int(ready[1]["pid"])


def under_load(name: str, call_of: Callable[[str], contextlib.AbstractContextManager[Call]]) -> Line:
    """Stop a worker under load, several times."""
    outcomes: Counter[str] = Counter()
    exits, before, after = [], [], []
    for _ in range(ROUNDS):
        with pair(small.definitions()) as (both, _, process), call_of(both) as call:
            with Load(call) as load:
                since = time.monotonic()
                exits.append(stopped(process))
            outcomes += load.outcomes
            earlier, later = load.longest(since)
            before.append(earlier)
            after.append(later)
    longest = f"{max(after) * 1e3:.0f} ms, before {max(before) * 1e3:.0f} ms"
    return name, counted(outcomes), stated(exits), longest


@contextlib.contextmanager
def sdk(address: str) -> Iterator[Call]:
    """Yield a call of the SDK over both workers."""
    with pretzel.Client(address, timeout=20) as client:
        client.predict("wine", ROW)
        yield lambda: client.predict("wine", ROW)


@contextlib.contextmanager
def plain(address: str) -> Iterator[Call]:
    """Yield a call of a bare grpcio stub that balances over both workers and has no retries."""
    options = [("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}')]
    with grpc.insecure_channel(address, options) as channel:
        stub = PredictionServiceStub(channel)
        yield lambda: stub.Predict(request("wine", ROW), timeout=20)


def request(model: str, rows: Any) -> pb.PredictRequest:
    """Return the request for some rows."""
    return pb.PredictRequest(model=model, columns=columns_to_proto({"X": np.asarray(rows)}), outputs=["predict"])


def held_by(name: str, models: dict[str, Definition], hold: Callable[[PredictionServiceStub], Hold]) -> Line:
    """Stop a worker with an open call, several times."""
    exits: list[float] = []
    ends: Counter[str] = Counter()
    for _ in range(ROUNDS):
        with pair(models) as (_, second, process), grpc.insecure_channel(second) as channel:
            end = hold(PredictionServiceStub(channel))
            exits.append(stopped(process))
            ends[end()] += 1
    return name, counted(ends), stated(exits), ""


def idle_stream(stub: PredictionServiceStub) -> Hold:
    """Open a stream, have one answer, and leave it open."""
    done = threading.Event()

    def requests() -> Iterator[pb.PredictStreamRequest]:
        yield pb.PredictStreamRequest(id=1, request=request("wine", ROW))
        done.wait(60)

    call = stub.PredictStream(requests(), timeout=60)
    next(call)

    def end() -> str:
        try:
            next(call)
        except grpc.RpcError as error:
            return f"one answer, then {error.code().name}"
        finally:
            done.set()
        return "another answer"

    return end


def long_call(rows: int) -> Callable[[PredictionServiceStub], Hold]:
    """Return a holder by one call of that many rows of a slow model."""

    def hold(stub: PredictionServiceStub) -> Hold:
        stub.Predict(request(SLOW, np.zeros((1, neighbors.WIDTH))), timeout=60)
        begun = time.monotonic()
        inputs = np.random.default_rng(0).normal(size=(rows, neighbors.WIDTH))
        call = stub.Predict.future(request(SLOW, inputs), timeout=120)
        time.sleep(0.5)

        def end() -> str:
            error = call.exception()
            took = time.monotonic() - begun
            return f"{'answered' if error is None else error.code().name} after {took:.0f} s"

        return end

    return hold


def lines() -> Iterator[Line]:
    """Yield the lines of the table."""
    yield under_load(f"worker, {THREADS} threads of the SDK", sdk)
    yield under_load(f"worker, {THREADS} threads of grpcio", plain)
    yield held_by("worker, an idle stream", small.definitions(), idle_stream)
    slow = small.definitions() | {SLOW: neighbors.definition()}
    yield held_by("worker, a call of some seconds", slow, long_call(30_000))
    yield held_by("worker, a call longer than `drain_seconds`", slow, long_call(150_000))
