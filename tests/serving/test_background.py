"""Background tasks: restarted on failure, counted, reported while they fail, and recovered."""

from __future__ import annotations

import asyncio
import errno
import io
import os

import pytest
import structlog

from pretzel.serving import background as module
from pretzel.serving.background import Background, cause_of
from pretzel.serving.log_stream import LogStream


def scripted(*numbers: int):
    """Work that fails with each error number, then ends."""
    rest = iter(numbers)

    async def work() -> None:
        if number := next(rest, 0):
            raise OSError(number, os.strerror(number))

    return work


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "delay", lambda attempt: 0.001 * attempt)


async def test_a_task_that_fails_is_restarted_until_it_ends():
    background = Background()
    await background.keep("pull", scripted(errno.EMFILE, errno.EIO, errno.ENOSPC))
    assert background.failures == {"pull": 3}
    assert background.problems == {}


async def test_a_failing_task_is_named_until_it_is_well():
    seen: list[dict[str, str]] = []
    background = Background(lambda: seen.append(dict(background.problems)))
    with structlog.testing.capture_logs() as logs:
        await background.keep("pull", scripted(errno.EMFILE, errno.EMFILE, errno.EIO))
    assert seen == [
        {"pull": "OSError: [Errno 24] Too many open files"},
        {"pull": "OSError: [Errno 5] Input/output error"},
        {},
    ]
    assert [entry["log_level"] for entry in logs] == ["error", "error", "warning"]  # once per cause


async def test_a_task_that_runs_for_long_has_recovered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STEADY", 0.05)
    background, first = Background(), scripted(errno.EIO)

    async def work() -> None:
        await first()
        await asyncio.Event().wait()

    task = asyncio.create_task(background.keep("pull", work))
    async with asyncio.timeout(10):
        while not background.problems:
            await asyncio.sleep(0.001)
        while background.problems:
            await asyncio.sleep(0.001)
    assert background.failures == {"pull": 1}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_delays_grow_while_a_task_fails_and_reset_when_it_is_well(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []
    monkeypatch.setattr(module, "delay", lambda attempt: asked.append(attempt) or 0.0)
    background = Background()
    await background.keep("pull", scripted(5, 5, 5))
    await background.keep("pull", scripted(5))
    assert asked == [0, 1, 2, 0]


async def test_a_task_that_never_failed_counts_zero():
    background = Background()
    await background.keep("pull", scripted())
    assert dict(background.failures) == {"pull": 0}


async def test_a_cancelled_task_is_not_restarted():
    background = Background()
    task = asyncio.create_task(background.keep("pull", asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert background.failures == {"pull": 0}


def test_the_cause_of_a_group_is_its_member():
    inner = ExceptionGroup("many", [OSError(28, "No space left on device")])
    assert cause_of(ExceptionGroup("more", [inner])) == "OSError: [Errno 28] No space left on device"


def test_a_log_line_that_cannot_be_written_is_lost():
    with open("/dev/full", "wb", buffering=0) as full:
        raw = io.TextIOWrapper(full, write_through=True)
        stream = LogStream(raw)
        structlog.PrintLogger(stream).error("unread")
        assert stream.lost >= 1
        raw.detach()


def test_a_log_line_is_written():
    text = io.StringIO()
    structlog.PrintLogger(LogStream(text)).error("somebody reads this")
    assert text.getvalue() == "somebody reads this\n"
