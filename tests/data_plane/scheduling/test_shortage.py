"""Executor threads of a process that is short of memory."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pretzel.data_plane.scheduling.queue import ExecutorQueue


@pytest.fixture
def shortage(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads that cannot be started, as in a process without memory."""
    names: list[str] = []
    start = threading.Thread.start

    def starting(thread: threading.Thread) -> None:
        if thread.name in names:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)
    return names


async def test_threads_that_could_not_start_do_so_later(shortage: list[str]):
    queue = ExecutorQueue(2, 1 << 20, time.monotonic)
    shortage += ["executor-0", "executor-1", "executor-reserved"]
    with pytest.raises(RuntimeError, match="can't start new thread"):
        queue.submit(lambda waited: waited, 0.1, 0)
    assert not queue.is_crowded  # a task that was refused does not wait
    shortage.remove("executor-0")
    async with asyncio.timeout(20):
        assert await queue.submit(lambda waited: threading.current_thread().name, 0.1, 0).done == "executor-0"
        shortage.clear()
        together = threading.Barrier(2)
        tasks = [queue.submit(lambda waited: together.wait(10), 0.1, 0) for _ in range(2)]
        assert sorted([await task.done for task in tasks]) == [0, 1]  # two at once
    queue.close()


async def test_threads_that_were_started_early_need_no_memory_later(shortage: list[str]):
    queue = ExecutorQueue(1, 1 << 20, time.monotonic)
    queue.start()
    shortage += ["executor-0", "executor-reserved"]
    async with asyncio.timeout(20):
        assert await queue.submit(lambda waited: "done", 0.1, 0).done == "done"
    queue.close()
