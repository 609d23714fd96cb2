"""Fixtures that run each client test twice: with the blocking and with the asyncio client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pretzel.client import AsyncClient, AsyncControlPlane, Client, ControlPlane
from tests.client.services import Worker, serving

Open = Callable[..., Any]


class Blocked:
    """Blocking calls of an asyncio client, on a separate event loop."""

    def __init__(self, runner: asyncio.Runner, client: Any) -> None:
        self.runner, self.client = runner, client

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.client, name)
        if not inspect.iscoroutinefunction(value):
            return value
        return lambda *args, **kwargs: self.runner.run(value(*args, **kwargs))


def opener(kind: str, blocking: type, asynchronous: type) -> Iterator[Open]:
    opened: list[Any] = []
    with asyncio.Runner() as runner:

        def open_client(*args: Any, **kwargs: Any) -> Any:
            client = blocking(*args, **kwargs)
            if kind == "asyncio":
                client = Blocked(runner, asynchronous(*args, **kwargs))
            opened.append(client)
            return client

        yield open_client
        for client in opened:
            client.close()


@pytest.fixture(params=["blocking", "asyncio"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def connect(kind: str) -> Iterator[Open]:
    """Open prediction clients."""
    yield from opener(kind, Client, AsyncClient)


@pytest.fixture
def control(kind: str) -> Iterator[Open]:
    """Open control-plane clients."""
    yield from opener(kind, ControlPlane, AsyncControlPlane)


@pytest.fixture
def worker() -> Worker:
    return Worker(m=2, wide=3, sibling=2, stuck=2)


@pytest.fixture
def address(worker: Worker) -> Iterator[str]:
    with serving(worker) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
def client(connect: Open, address: str) -> Any:
    return connect(address, timeout=30)
