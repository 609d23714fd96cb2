"""Runs the console as a program: its socket, signals, and the ready line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from pretzel.console.app import Plane, application

MOST_CONNECTIONS = 100
"""Requests and connections at once; further ones are answered with 503."""
DRAIN_SECONDS = 2


def run(listener: socket.socket, control_plane: Plane, names: Sequence[str] = ()) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; print one line of JSON when it is ready."""
    host, port = listener.getsockname()[:2]

    def ready() -> None:
        print(json.dumps({"event": "ready", "pid": os.getpid(), "host": host, "port": port}), flush=True)

    config = uvicorn.Config(
        application(control_plane, names, ready),
        lifespan="on",
        http="h11",  # it bounds the size of headers
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    asyncio.run(_Server(config).serve([listener]))


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal; uvicorn would raise it again at the end, and the exit code would be that of a kill."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
