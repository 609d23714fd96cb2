"""The limits of two cores of this machine: what no program can exceed here.

*At once* is how much more two processes do in the same time than one alone, each with the whole work: 2 on cores that
share nothing.  *Bare* is a request and its answer between two processes that do nothing else with them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

COPIED = 64 << 20
"""Bytes of a block to copy: more than the caches have."""
MULTIPLIED = 1 << 12
"""Numbers to work on in a cache."""
_CONTEXT = multiprocessing.get_context("fork")


def works() -> dict[str, Callable[[], Any]]:
    """Return work that is bound by one thing each, and takes some tens of milliseconds."""
    few, source, target = np.ones(MULTIPLIED), np.ones(COPIED // 8), np.zeros(COPIED // 8)

    def compute() -> None:
        for _ in range(20_000):
            np.multiply(few, 0.5, out=few)
            np.add(few, 0.5, out=few)

    def copy() -> None:
        for _ in range(4):
            np.copyto(target, source)

    return {"arithmetic in a cache": compute, "copies of 64 MiB": copy}


def at_once(work: Callable[[], Any], rounds: int) -> float:
    """Return how many times the work of one process two do in the same time: the median over rounds."""
    with _twin(work) as twin:
        ratios = []
        for _ in range(rounds):
            alone = _timed(work)
            twin.send(True)
            own = _timed(work)
            ratios.append(2 * alone / max(own, twin.recv()))
    return statistics.median(ratios)


@contextlib.contextmanager
def _twin(work: Callable[[], Any]) -> Iterator[Any]:
    """Run a process that does the work once for each thing it receives, and sends the seconds."""
    ours, theirs = _CONTEXT.Pipe()

    def serve() -> None:
        work()
        while theirs.recv():
            theirs.send(_timed(work))

    process = _CONTEXT.Process(target=serve, daemon=True)
    process.start()
    try:
        work()
        yield ours
    finally:
        ours.send(False)
        process.join(20)


def bare_transport(sent: int, answered: int, rounds: int) -> float:
    """Return the shortest seconds of so many bytes to another process, over TCP on this host, and of its answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = _CONTEXT.Process(target=_answer, args=(listener, sent, answered, rounds + 1), daemon=True)
        process.start()
        with socket.create_connection(listener.getsockname()) as connection:
            message, room = bytes(sent), bytearray(answered)
            seconds = [_timed(lambda: _call(connection, message, room)) for _ in range(rounds + 1)]
        process.join(20)
    return min(seconds)


def _answer(listener: socket.socket, received: int, answered: int, calls: int) -> None:
    connection, _ = listener.accept()
    room, message = bytearray(received), bytes(answered)
    for _ in range(calls):
        _fill(connection, room)
        connection.sendall(message)


def _call(connection: socket.socket, message: bytes, room: bytearray) -> None:
    connection.sendall(message)
    _fill(connection, room)


def _fill(connection: socket.socket, room: bytearray) -> None:
    left = memoryview(room)
    while left:
        left = left[connection.recv_into(left) or len(left) :]


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
