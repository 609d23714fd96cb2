"""Threads for one kind of work, so that slow calls of one kind do not keep all threads from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """A few threads."""

    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on one of the threads, in the context of the caller, and return its result."""
        loop = asyncio.get_running_loop()
        context = copy_context()
        return await loop.run_in_executor(self._executor, lambda: context.run(work, *args, **kwargs))

    def close(self) -> None:
        """Let the running functions end, and drop the waiting ones."""
        self._executor.shutdown(wait=True, cancel_futures=True)
