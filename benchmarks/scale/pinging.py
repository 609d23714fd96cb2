"""Calls at short intervals from a process of their own, and the seconds that each takes."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import grpc

from benchmarks.scale.processes import HEALTH

INTERVAL = 0.002
PATIENCE = 10.0


@contextmanager
def pinging(target: str, method: str = HEALTH, request: bytes = b"") -> Iterator[list[float]]:
    """Call a method while the block runs; the yielded list has the seconds of each call after it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_call, args=(target, method, request, theirs))
    process.start()
    seconds: list[float] = []
    ours.recv()
    try:
        yield seconds
    finally:
        ours.send("stop")
        seconds += ours.recv()
        process.join()


def _call(target: str, method: str, request: bytes, pipe: Connection) -> None:
    seconds: list[float] = []
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(method)
        call(request, timeout=PATIENCE)
        pipe.send("ready")
        while not pipe.poll():
            start = time.perf_counter()
            call(request, timeout=PATIENCE)
            seconds.append(time.perf_counter() - start)
            time.sleep(INTERVAL)
    pipe.send(seconds)
