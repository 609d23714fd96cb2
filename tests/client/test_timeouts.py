"""Timeouts hold whatever the server does, and a budget bounds all calls together."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from pretzel import errors
from pretzel.client.endpoint import Budget, ending, left
from tests.client.services import BIG, Control, Worker, serving

TIMEOUT = 0.5
MARGIN = 2.5
"""Seconds for a loaded machine, and for the search for a cause; retries used to take much longer."""


@contextmanager
def silent() -> Iterator[str]:
    """A port that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def closing() -> Iterator[str]:
    """A port that ends every connection at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:

        def accept() -> None:
            while True:
                try:
                    listening.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@contextmanager
def absent() -> Iterator[str]:
    """A port without a listener."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def in_time(seconds: float = TIMEOUT) -> Iterator[None]:
    began = time.monotonic()
    with pytest.raises((errors.DeadlineError, errors.UnavailableError)):
        yield
    assert time.monotonic() - began < seconds + MARGIN


@pytest.mark.parametrize("server", [silent, closing, absent])
@pytest.mark.parametrize("scheme", ["", "https://"])
def test_a_server_that_does_not_answer(connect, control, server: Callable, scheme: str) -> None:
    with server() as address:
        predictions, deployment = (open_(scheme + address, timeout=TIMEOUT) for open_ in (connect, control))
        for call in (lambda: predictions.predict("m", BIG), deployment.models, lambda: deployment.alias("m", "a", 1)):
            with in_time():
                call()


def test_a_server_that_stops_answering(connect) -> None:
    worker = Worker(m=2, stuck=2)
    with serving(worker) as port:
        client = connect(f"127.0.0.1:{port}", timeout=TIMEOUT)
        client.describe("stuck", timeout=30)
        try:
            with in_time():
                client.predict("stuck", np.zeros((1, 2)))
        finally:
            worker.release.set()


class Slow(Control):
    """Takes its time for each list."""

    seconds = 0.8

    def __init__(self) -> None:
        super().__init__()
        self.lists, self.end = 0, threading.Event()

    def ListModels(self, request, context):
        self.lists += 1
        self.end.wait(self.seconds)
        return super().ListModels(request, context)


def test_a_budget_bounds_all_calls(control) -> None:
    with serving(Slow()) as port:
        each = control(f"127.0.0.1:{port}", timeout=3.0)
        for _ in range(4):  # each call has its own three seconds
            each.models()
        together = control(f"127.0.0.1:{port}", timeout=Budget(2.0))
        with in_time(2.0):
            for _ in range(4):
                together.models()


def test_only_calls_cost_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pretzel.client.endpoint.time.monotonic", lambda: now[0])
    budget = Budget(5.0)
    now[0] += 1000
    with ending(budget) as end:
        assert end == now[0] + 5
        assert left(end, "host:1") == 5
        now[0] += 3
    assert budget.left == 2
    with pytest.raises(errors.NotFoundError), ending(budget) as end:
        now[0] += 3
        raise errors.NotFoundError("a call that failed took time as well")
    with ending(budget) as end, pytest.raises(errors.DeadlineError, match="host:1: the time is over"):
        left(end, "host:1")
