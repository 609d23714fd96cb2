"""Bounded waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SECONDS = 20.0
"""Longest wait of a test; on a quiet machine the waits take milliseconds."""


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Let the event loop run until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
