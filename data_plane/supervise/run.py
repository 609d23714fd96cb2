"""Runs a worker as a program: settings, signals, ready line and exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import structlog

from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise.supervisor import Supervisor
from pretzel.errors import PretzelError
from pretzel.serving.descriptors import raise_limit
from pretzel.serving.heap import share_heap
from pretzel.serving.logs import configure
from pretzel.serving.parent import die_with

log = structlog.get_logger(__name__)


def main() -> int:
    """Run a worker with settings from the environment and the command line."""
    from pydantic import ValidationError

    try:
        settings = Settings(_cli_parse_args=True, _cli_prog_name="pretzel worker")  # type: ignore[call-arg]
    except ValidationError as error:
        problems = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
        print(f"pretzel worker: {problems}", file=sys.stderr)
        return 2
    try:
        return run(settings)
    except PretzelError as error:
        log.error("the worker cannot run", error=str(error))
        return 1


def run(settings: Settings) -> int:
    """Run a worker until SIGTERM or SIGINT, and return the exit code.

    One line of JSON on standard output reports that every serving process listens, and its port.

    Raises:
        PretzelError: the worker cannot run, for instance because a port is taken.
    """
    configure(settings.log_level)
    share_heap()
    raise_limit()  # the serving processes inherit it
    if settings.die_with_parent:
        die_with(os.getppid())
    asyncio.run(_run(settings))
    return 0


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(settings)
    try:
        await first_of(stop, supervisor.start())
        if not stop.is_set():
            print(json.dumps(supervisor.whereabouts()), flush=True)
            await first_of(stop, *supervisor.work())
    finally:
        await supervisor.stop()


async def first_of(stop: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run coroutines until one of them ends or ``stop`` is set; raise the error of one that failed."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopped):
        task.cancel()
    await asyncio.gather(*tasks, stopped, return_exceptions=True)
    for task in done - {stopped}:
        task.result()
