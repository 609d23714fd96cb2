"""Supervise servers as child processes: start them in order, restart them when they die, stop them together."""

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
"""Time for a server to drain before it is killed."""
PAUSE_SECONDS = 0.5
"""Time from the death of a server to its restart; a signal to the whole process group arrives within it."""
LONGEST_PAUSE_SECONDS = 30.0
"""The longest time between two attempts to start a server."""
STEADY_SECONDS = 10.0
"""Lifetime after which the backoff of restarts is reset."""


async def run(
    servers: Sequence[Server],
    ready: Callable[[], None],
    started: Callable[[Server], None] = lambda server: None,
    later: Sequence[Server] = (),
) -> int:
    """Keep servers alive until SIGTERM or Ctrl-C, then stop them in reverse order; each depends on those before it.

    ``started`` is called with each server that is ready, and then ``ready``.  Those of ``later`` are started after
    that, and the others run without them if they cannot start.

    Raises:
        UnavailableError: a server cannot start.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        for server in servers:
            await _unless(stop, server.start())
            if not stop.is_set():
                started(server)
        if not stop.is_set():
            ready()
            kept = [*(server.keep() for server in servers), *(server.keep_later() for server in later)]
            await _unless(stop, asyncio.gather(*kept))
    finally:
        for server in reversed([*servers, *later]):
            await server.stop()
    return 0


async def _unless(stop: asyncio.Event, work: Any) -> None:
    """Run ``work`` until it ends or ``stop`` is set; raise its error."""
    task, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def warn(text: str) -> None:
    """Print a warning on standard error, if that is writable."""
    with contextlib.suppress(OSError):  # a log on a full disk must not stop the servers
        print(f"warning: {text}", file=sys.stderr, flush=True)


class Server:
    """A server as a child process, restarted on the same ports when it dies."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready: dict[str, Any] = {}
        """Its ready line; a restart uses the same ports."""
        self.descriptors: Sequence[int] = ()
        """Open files and sockets that it inherits."""
        self._process: asyncio.subprocess.Process | None = None

    def arguments(self) -> list[str]:
        """Return the arguments of `pretzel` that start it."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Return the command line that starts it."""
        return [sys.executable, "-P", "-m", "pretzel.cli", *self.arguments()]

    async def start(self) -> None:
        """Start it, and return when it is ready.

        Raises:
            Exit: it failed; its own standard error has the reason.
            UnavailableError: it was killed, or was not ready in time; it does not run.
        """
        environment = os.environ | {PARENT: str(os.getpid())}
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *self.command(),
            stdout=pipe,
            stdin=asyncio.subprocess.DEVNULL,
            env=environment,
            pass_fds=self.descriptors,
        )
        line = await self._first_line(process)
        if not line:
            code = await process.wait()
            if code > 0:  # it has printed the reason
                raise typer.Exit(code)
            raise UnavailableError(f"the {self.name} was killed by signal {-code}")
        try:
            self.ready = json.loads(line)
        except ValueError:
            await _end(process)
            raise UnavailableError(f"the {self.name} printed {line[:80]!r}, expected its ready line") from None

    async def _first_line(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                return await process.stdout.readline()
        except TimeoutError:
            await _end(process)
            raise UnavailableError(f"the {self.name} is not ready after {START_SECONDS:.0f} s") from None

    async def keep(self) -> None:
        """Restart it whenever it dies, with exponential backoff."""
        attempt, warned = 0, ""
        while True:
            assert self._process is not None
            started = time.monotonic()
            cause = f"ended with exit code {await self._process.wait()}"
            if time.monotonic() - started > STEADY_SECONDS:
                attempt, warned = 0, ""
            if cause != warned:
                warn(f"the {self.name} {cause}, and is restarted")
            await asyncio.sleep(PAUSE_SECONDS + (delay(attempt - 1, longest=LONGEST_PAUSE_SECONDS) if attempt else 0))
            await self._restart()
            attempt, warned = attempt + 1, cause

    async def keep_later(self) -> None:
        """Start it, however long that takes, and then keep it."""
        await self._restart()
        await self.keep()

    async def _restart(self) -> None:
        """Retry until it starts: its siblings run, and the cause of the failure may be temporary."""
        warned = ""
        for attempt in itertools.count():
            try:
                return await self.start()
            except (typer.Exit, UnavailableError, OSError) as error:
                cause = f"exit code {error.exit_code}" if isinstance(error, typer.Exit) else str(error)
            if cause != warned:
                warn(f"the {self.name} cannot be restarted ({cause}); retrying")
            warned = cause
            await asyncio.sleep(delay(attempt, longest=LONGEST_PAUSE_SECONDS))

    async def stop(self) -> None:
        """Terminate it, and kill it after a timeout."""
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
    """Kill a process and wait for it, so that its ports are free for its successor."""
    process.kill()
    await process.wait()
