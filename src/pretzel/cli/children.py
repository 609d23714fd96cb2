"""Servers as children of one process: started one after the other, kept alive, and ended together."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from pretzel.cli.servers import PARENT
from pretzel.errors import UnavailableError

START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""How long a server may drain before it is killed."""
PAUSE_SECONDS = 0.5
"""Between the death of a server and its successor; a signal to the whole group shows in that time."""


async def run(servers: Sequence[Server], ready: Callable[[], None]) -> int:
    """Keep servers alive until SIGTERM or Ctrl-C, and end them in the reverse order; each needs those before it.

    Raises:
        UnavailableError: one cannot start.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        for server in servers:
            await _unless(stop, server.start())
        if not stop.is_set():
            ready()
            await _unless(stop, asyncio.gather(*(server.keep() for server in servers)))
    finally:
        for server in reversed(servers):
            await server.stop()
    return 0


async def _unless(stop: asyncio.Event, work: Any) -> None:
    """Do some work, unless told to stop before or meanwhile; what fails, raises."""
    task, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Server:
    """One server as a child process, begun again on the same ports when it dies."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready: dict[str, Any] = {}
        """What its ready line said: ports that were free to choose are kept from then on."""
        self._process: asyncio.subprocess.Process | None = None

    def arguments(self) -> list[str]:
        """Return the arguments of `pretzel` that start it now."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            Exit: it failed; the error on its standard error is the only one.
            UnavailableError: it was ended, or said nothing in time.
        """
        command = [sys.executable, "-P", "-m", "pretzel.cli", *self.arguments()]
        environment = os.environ | {PARENT: str(os.getpid())}
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stdin=asyncio.subprocess.DEVNULL, env=environment
        )
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise UnavailableError(f"the {self.name} is not ready after {START_SECONDS:.0f} s") from None
        if not line:
            code = await self._process.wait()
            if code > 0:  # it has said why
                raise typer.Exit(code)
            raise UnavailableError(f"the {self.name} was ended by signal {-code}")
        self.ready = json.loads(line)

    async def keep(self) -> None:
        """Start it again whenever it dies."""
        while True:
            assert self._process is not None
            code = await self._process.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            print(f"warning: the {self.name} ended with exit code {code}, and is started again", file=sys.stderr)
            await self.start()

    async def stop(self) -> None:
        """Ask it to end, and end it if it takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
