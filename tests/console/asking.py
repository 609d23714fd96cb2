"""Asks an ASGI application in process, as a server does: its start and its end, and one request after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Answer:
    """The answer to one request."""

    status: int
    headers: dict[str, str]
    text: str


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[Any]:
    """Run the application's own start and end around the block."""
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, events.get, heard.put))
    await events.put({"type": "lifespan.startup"})
    assert (await heard.get())["type"] == "lifespan.startup.complete"
    try:
        yield app
    finally:
        await events.put({"type": "lifespan.shutdown"})
        assert (await heard.get())["type"] == "lifespan.shutdown.complete"
        await task


async def ask(app: Any, target: str, method: str = "GET", host: str = "127.0.0.1:8003", **headers: str) -> Answer:
    """Send one request; underscores in the names of headers become hyphens."""
    url = urlsplit(target)
    given = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8003),
    }
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()  # then the client waits, and does not disconnect
    received.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    await app(scope, received.get, send)
    start, *bodies = sent
    got = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], got, b"".join(part.get("body", b"") for part in bodies).decode())
