"""`/metrics` under silent connections."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge

from pretzel.errors import PreconditionError
from pretzel.serving import metrics_server
from pretzel.serving.metrics_server import Endpoint, serve


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(metrics_server._Handler, "timeout", 1.0)
    registry = CollectorRegistry()
    Gauge("answer", "Of all.", registry=registry).set(42)
    running = serve(registry, "127.0.0.1", 0)
    yield running
    running.close()


def read(endpoint: Endpoint) -> str:
    return urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/metrics", timeout=5).read().decode()


def test_it_answers(endpoint: Endpoint):
    assert "answer 42.0" in read(endpoint)


def test_silent_connections_are_bounded_and_dropped(endpoint: Endpoint):
    silent = [socket.create_connection(("127.0.0.1", endpoint.port), 5) for _ in range(100)]
    try:
        deadline, text = time.monotonic() + 20, ""
        while "answer 42.0" not in text:
            assert time.monotonic() < deadline
            try:
                text = read(endpoint)
            except OSError:
                time.sleep(0.05)
        for each in silent:  # the server has ended every one of them
            each.settimeout(10)
            assert each.recv(1) == b""
    finally:
        for each in silent:
            each.close()


def test_a_taken_port_is_an_error(endpoint: Endpoint):
    with pytest.raises(PreconditionError, match="in use.*choose another metrics_port"):
        serve(CollectorRegistry(), "127.0.0.1", endpoint.port)
