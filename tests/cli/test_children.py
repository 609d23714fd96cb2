"""Supervision of servers by `pretzel up`: they die, fail to restart, and never stop their siblings."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import typer

from pretzel.cli import children
from pretzel.errors import UnavailableError

PROGRAM = """
import pathlib, sys, time
plan = pathlib.Path(sys.argv[1])
steps = plan.read_text().split() if plan.exists() else []
plan.write_text(" ".join(steps[1:]))
match steps[0] if steps else "run":
    case "run":
        print('{"ready": true}', flush=True)
        time.sleep(600)
    case "silent":
        time.sleep(600)
    case "garbage":
        print("nonsense", flush=True)
        time.sleep(600)
    case code:
        sys.exit(int(code))
"""


class Scripted(children.Server):
    """A real process that follows a script in a file, one step per start: exit, print nothing useful, or run."""

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(name)
        self.plan = directory / name

    def command(self) -> list[str]:
        return [sys.executable, "-c", PROGRAM, str(self.plan)]

    @property
    def pid(self) -> int:
        return self._process.pid if self._process and self._process.returncode is None else 0


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Scripted, Scripted]]:
    """Two running, supervised servers."""
    monkeypatch.setattr(children, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(children, "LONGEST_PAUSE_SECONDS", 0.2)
    both = Scripted("first", tmp_path), Scripted("second", tmp_path)
    ready = asyncio.Event()
    running = asyncio.create_task(children.run(both, ready.set))
    try:
        async with asyncio.timeout(20):
            await ready.wait()
        yield both
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # `run` waits for it
        async with asyncio.timeout(20):
            assert await running == 0
        assert not any(server.pid for server in both)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def die(server: Scripted, *steps: str) -> None:
    """Kill a server whose next starts follow ``steps``, and return when it runs again."""
    server.plan.write_text(" ".join(steps))
    before = server.pid
    os.kill(before, signal.SIGKILL)
    await until(lambda: server.pid not in (0, before) and not server.plan.read_text() and server.ready != {})


async def test_a_failed_restart_is_retried_and_stops_no_sibling(pair, capfd: pytest.CaptureFixture[str]):
    first, second = pair
    sibling = second.pid
    first.ready = {}
    await die(first, "5", "5", "5", "1", "1", "run")
    assert second.pid == sibling
    warnings = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning:")]
    assert warnings == [
        "warning: the first ended with exit code -9, and is restarted",
        "warning: the first cannot be restarted (exit code 5); retrying",
        "warning: the first cannot be restarted (exit code 1); retrying",
    ]


@pytest.mark.parametrize("step", ["silent", "garbage"])
async def test_a_start_without_a_ready_line_is_killed_and_retried(pair, monkeypatch: pytest.MonkeyPatch, step: str):
    monkeypatch.setattr(children, "START_SECONDS", 1.0)
    first, second = pair
    sibling, started = second.pid, []
    begin = asyncio.create_subprocess_exec

    async def seen(*arguments, **options):
        process = await begin(*arguments, **options)
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", seen)
    first.ready = {}
    await die(first, step, "run")
    assert second.pid == sibling
    assert [process.returncode for process in started] == [-signal.SIGKILL, None]


async def test_a_process_that_cannot_be_created_is_retried(pair, monkeypatch: pytest.MonkeyPatch):
    first, second = pair
    sibling, begin, refusals = second.pid, asyncio.create_subprocess_exec, iter([11, 12, 24])

    async def refuse(*arguments, **options):
        if number := next(refusals, 0):
            raise OSError(number, os.strerror(number))
        return await begin(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    first.ready = {}
    await die(first, "run")
    assert second.pid == sibling


async def test_a_server_that_starts_later_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "LONGEST_PAUSE_SECONDS", 0.05)
    first, later = Scripted("first", tmp_path), Scripted("later", tmp_path)
    later.plan.write_text("3 3 run")
    started: list[int] = []
    running = asyncio.create_task(children.run([first], lambda: started.append(later.pid), later=[later]))
    await until(lambda: bool(later.ready))
    assert (started, bool(first.pid)) == ([0], True)  # it did not run yet when the first was ready
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(running, 30) == 0
    assert not first.pid and not later.pid


async def test_a_server_inherits_its_descriptors(tmp_path: Path):
    class Reader(Scripted):
        def command(self) -> list[str]:
            program = "import os, sys; print(os.read(int(sys.argv[1]), 99).decode(), flush=True)"
            return [sys.executable, "-c", program, str(self.descriptors[0])]

    reading, writing = os.pipe()
    os.write(writing, b'{"said": "hello"}')
    server = Reader("reader", tmp_path)
    server.descriptors = (reading,)
    await server.start()
    await server.stop()
    os.close(reading)
    os.close(writing)
    assert server.ready == {"said": "hello"}


async def test_a_failure_of_the_first_start_stops_all(tmp_path: Path):
    first, second = Scripted("first", tmp_path), Scripted("second", tmp_path)
    second.plan.write_text("5")
    with pytest.raises(typer.Exit) as caught:
        await children.run([first, second], lambda: None)
    assert caught.value.exit_code == 5
    assert not first.pid and not second.pid


async def test_a_silent_first_start_times_out_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "START_SECONDS", 0.5)
    server = Scripted("first", tmp_path)
    server.plan.write_text("silent")
    with pytest.raises(UnavailableError, match="the first is not ready after 0 s"):
        await children.run([server], lambda: None)
    assert not server.pid


def test_a_warning_that_cannot_be_written_is_lost():
    with open("/dev/full", "wb", buffering=0) as full:
        stream = io.TextIOWrapper(full, write_through=True)
        with pytest.raises(OSError, match="No space left"):
            print("this disk takes nothing", file=stream, flush=True)
        with contextlib.redirect_stderr(stream):
            children.warn("this cannot be written")
        stream.detach()
