"""Serving processes that hang or cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise import fleet
from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.errors import PreconditionError


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    ObjectCache(tmp_path).close()
    settings = Settings(log_level="error").model_dump(mode="json")
    yield {"settings": settings, "cache_dir": str(tmp_path), "port": 0, "shared_port": False}


async def test_a_process_that_hangs_is_replaced(start: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fleet, "SILENCE", 0.5)
    made = Fleet(1, start, lambda child, message: None)
    await made.start()
    try:
        hung, port = made.children[0].pid, made.port
        os.kill(hung, signal.SIGSTOP)
        async with asyncio.timeout(30):
            while not (made.children and made.children[0].pid != hung and made.children[0].port):
                await made.numbers(0.1)
                made.end_silent()
                await asyncio.sleep(0.01)
        assert made.port == port
        assert made.restarts == 1
        await made.publish(Catalog("e", 1))  # and it takes catalogs
        assert made.children[0].applied == 1
    finally:
        await made.stop(1)
    assert not made.children


async def test_a_process_that_drains_too_long_is_killed(start: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fleet, "MARGIN", 0.2)
    made = Fleet(1, start, lambda child, message: None)
    await made.start()
    os.kill(made.children[0].pid, signal.SIGSTOP)
    async with asyncio.timeout(10):
        await made.stop(0.1)
    assert not made.children


async def test_a_process_that_cannot_start_is_tried_a_few_times_and_then_told(start: dict[str, Any]):
    del start["shared_port"]
    made = Fleet(1, start, lambda child, message: None)
    with pytest.raises(PreconditionError, match="a serving process cannot start: it ends with code 1"):
        await made.start()
    await made.stop(1)
