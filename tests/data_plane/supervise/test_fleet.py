"""Serving processes that hang or cannot start."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise import fleet
from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.data_plane.supervise.ports import hold_port
from pretzel.errors import PreconditionError
from pretzel.serving.background import Background
from tests.helpers.interposed import ALL, Faults

SHORTAGES = [
    errno.EMFILE,
    *(pytest.param(n, marks=pytest.mark.long) for n in (errno.ENFILE, errno.ENOMEM, errno.EAGAIN)),
]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    ObjectCache(tmp_path).close()
    settings = Settings(log_level="error").model_dump(mode="json")
    yield {"settings": settings, "cache_dir": str(tmp_path), "port": 0, "shared_port": False}


async def test_a_process_that_hangs_is_replaced(start: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fleet, "SILENCE", 0.5)
    created = Fleet(1, start, lambda child, message: None)
    await created.start()
    try:
        hung, port = created.children[0].pid, created.port
        os.kill(hung, signal.SIGSTOP)
        async with asyncio.timeout(30):
            while not (created.children and created.children[0].pid != hung and created.children[0].port):
                await created.numbers(0.1)
                created.end_silent()
                await asyncio.sleep(0.01)
        assert created.port == port
        assert created.restarts == 1
        await created.publish(Catalog("e", 1))  # and it applies catalogs
        assert created.children[0].applied == 1
    finally:
        await created.stop(1)
    assert not created.children


async def test_a_process_that_drains_too_long_is_killed(start: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fleet, "MARGIN", 0.2)
    created = Fleet(1, start, lambda child, message: None)
    await created.start()
    os.kill(created.children[0].pid, signal.SIGSTOP)
    async with asyncio.timeout(10):
        await created.stop(0.1)
    assert not created.children


async def test_a_process_that_cannot_start_is_retried_and_then_reported(start: dict[str, Any]):
    del start["shared_port"]
    created = Fleet(1, start, lambda child, message: None)
    with pytest.raises(PreconditionError, match="a serving process cannot start: it exits with code 1"):
        await created.start()
    await created.stop(1)


@pytest.mark.long
async def test_the_reported_revision_is_that_of_the_slowest_process(
    start: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fleet, "PATIENCE", 0.3)
    created = Fleet(2, start | {"port": hold(), "shared_port": True}, lambda child, message: None)
    await created.start()
    try:
        await created.publish(Catalog("e", 1))
        assert created.revision_of(created.lowest) == ("e", 1)
        os.kill(created.children[0].pid, signal.SIGSTOP)
        await created.publish(Catalog("e", 2))  # whose wait times out
        assert (created.lowest, created.revision_of(created.lowest)) == (created.serial - 1, ("e", 1))
        os.kill(created.children[0].pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while created.lowest != created.serial:
                await asyncio.sleep(0.01)
        assert created.revision_of(created.lowest) == ("e", 2)
    finally:
        os.kill(created.children[0].pid, signal.SIGCONT)
        await created.stop(1)


@pytest.mark.long
async def test_a_process_that_cannot_take_a_catalog_is_replaced_if_another_can(
    start: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fleet, "FAILING_SECONDS", 0.2)
    created = Fleet(2, start | {"port": hold(), "shared_port": True}, lambda child, message: None)
    await created.start()
    try:
        stuck, other = created.children[0], created.children[1]
        stuck.problems, stuck.failing_since = {"catalogs": "OSError"}, 0.0
        created.end_lagging()
        assert stuck._process.poll() is None  # it lags behind no other
        stuck.applied = other.applied - 1
        created.end_lagging()
        async with asyncio.timeout(30):
            while not (0 in created.children and created.children[0] is not stuck and created.children[0].port):
                await asyncio.sleep(0.01)
        assert created.children[1] is other
    finally:
        await created.stop(1)


@pytest.mark.long
async def test_a_first_start_that_is_not_ready_in_time_reports_the_reason(
    start: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(fleet, "FAILING_SECONDS", 0.5)
    (Path(start["cache_dir"]) / "packs" / "000001.index").touch()
    faults = Faults(tmp_path / "faults")
    faults.fail(("open", errno.EMFILE, ALL, "000001.index"))  # so that no process takes its first catalog
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    created = Fleet(2, start | {"port": hold(), "shared_port": True}, lambda child, message: None)
    try:
        with pytest.raises(PreconditionError, match=r"0 of 2 serving processes are ready; pid \d+: catalogs: OSError"):
            await created.start()
    finally:
        await created.stop(1)
    assert not created.children


@pytest.mark.parametrize("number", SHORTAGES)
async def test_a_process_that_cannot_be_started_is_started_later(
    start: dict[str, Any], monkeypatch: pytest.MonkeyPatch, number: int
):
    background = Background()
    created = Fleet(1, start, lambda child, message: None, background=background)
    await created.start()
    try:
        dead = created.children[0]
        refusals, begin = iter([number] * 2), subprocess.Popen

        def refuse(*arguments: Any, **options: Any) -> Any:
            if problem := next(refusals, 0):
                raise OSError(problem, os.strerror(problem))
            return begin(*arguments, **options)

        monkeypatch.setattr(subprocess, "Popen", refuse)
        dead.kill()
        async with asyncio.timeout(30):
            while not (0 in created.children and created.children[0] is not dead and created.children[0].port):
                await asyncio.sleep(0.01)
        assert background.failures == {"processes": 2}
        assert not background.problems
    finally:
        await created.stop(1)


def hold() -> int:
    """Return a port that several processes may share."""
    with hold_port("127.0.0.1", 0) as held:
        return held.getsockname()[1]
