"""Servers as children of one process: started one after the other, kept alive, and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import typer

from pretzel.cli.servers import PARENT
from pretzel.errors import UnavailableError
from pretzel.serving.backoff import delay

START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""How long a server may drain before it is killed."""
PAUSE_SECONDS = 0.5
"""Between the death of a server and its successor; a signal to the whole group shows in that time."""
LONGEST_PAUSE_SECONDS = 30.0
"""Between two attempts to start a server that cannot start, at most."""
STEADY_SECONDS = 10.0
"""How long a server must live so that its next death is the first of a new series."""


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


def warn(text: str) -> None:
    """Say something on standard error, if that can be written."""
    with contextlib.suppress(OSError):  # a full disk under a log must not end the servers
        print(f"warning: {text}", file=sys.stderr, flush=True)


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

    def command(self) -> list[str]:
        """Return the command line that starts it now."""
        return [sys.executable, "-P", "-m", "pretzel.cli", *self.arguments()]

    async def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            Exit: it failed; the error on its standard error is the only one.
            UnavailableError: it was ended, or said nothing in time; it does not run.
        """
        environment = os.environ | {PARENT: str(os.getpid())}
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *self.command(), stdout=pipe, stdin=asyncio.subprocess.DEVNULL, env=environment
        )
        line = await self._first_line(process)
        if not line:
            code = await process.wait()
            if code > 0:  # it has said why
                raise typer.Exit(code)
            raise UnavailableError(f"the {self.name} was ended by signal {-code}")
        try:
            self.ready = json.loads(line)
        except ValueError:
            await _end(process)
            raise UnavailableError(f"the {self.name} said {line[:80]!r} in place of its ready line") from None

    async def _first_line(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                return await process.stdout.readline()
        except TimeoutError:
            await _end(process)
            raise UnavailableError(f"the {self.name} is not ready after {START_SECONDS:.0f} s") from None

    async def keep(self) -> None:
        """Start it again whenever it dies, for ever; a start that fails is tried again, each time after longer."""
        attempt, told = 0, ""
        while True:
            assert self._process is not None
            began = time.monotonic()
            cause = f"ended with exit code {await self._process.wait()}"
            if time.monotonic() - began > STEADY_SECONDS:
                attempt, told = 0, ""
            if cause != told:
                warn(f"the {self.name} {cause}, and is started again")
            await asyncio.sleep(PAUSE_SECONDS + (delay(attempt - 1, longest=LONGEST_PAUSE_SECONDS) if attempt else 0))
            await self._start_again()
            attempt, told = attempt + 1, cause

    async def _start_again(self) -> None:
        """Start it, however often that takes: its siblings run, and what stands in its way may go."""
        told = ""
        for attempt in itertools.count():
            try:
                return await self.start()
            except (typer.Exit, UnavailableError, OSError) as error:
                cause = f"exit code {error.exit_code}" if isinstance(error, typer.Exit) else str(error)
            if cause != told:
                warn(f"the {self.name} cannot be started again ({cause}); it is tried until it can")
            told = cause
            await asyncio.sleep(delay(attempt, longest=LONGEST_PAUSE_SECONDS))

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
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a process; while it lives, its successor would find the ports taken."""
    process.kill()
    await process.wait()
