"""A worker's puller over a folder: what it publishes as files come, change, are damaged and go."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.folder import origin
from pretzel.data_plane.folder.compiling import FileCompiler
from pretzel.data_plane.folder.files import ModelFiles
from pretzel.data_plane.folder.origin import Folder
from pretzel.data_plane.pull.puller import Puller
from pretzel.errors import ExhaustedError, PreconditionError, PretzelError, UnavailableError
from pretzel.plan import bundle
from tests.data_plane.models import objects_of, regression
from tests.data_plane.transport.waits import SECONDS


class Follower:
    """A puller over a folder, restarted when it fails, as the supervisor does."""

    def __init__(self, models: Path, cache: ObjectCache) -> None:
        self.cache, self.problem, self.published = cache, "", 0
        self.puller = Puller(Folder(ModelFiles(models)), cache, self.publish)
        self.tasks = [asyncio.create_task(work()) for work in (self._watch, self.puller.advance)]

    async def publish(self, catalog: Catalog) -> None:
        plans = [version.plan for name in catalog.records for version in catalog.get(name).versions]
        assert all(map(self.cache.has, plans))
        self.published += 1

    async def _watch(self) -> None:
        while True:
            try:
                await self.puller.watcher.run()
            except PretzelError as error:
                self.problem = str(error)
                await asyncio.sleep(0.005)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(3 * SECONDS):
            while not condition():
                assert not any(task.done() for task in self.tasks)
                await asyncio.sleep(0.005)

    def versions(self) -> dict[str, int]:
        catalog = self.puller.published
        return {name: catalog.find(name).version for name in catalog.records}

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def follower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Follower]:
    monkeypatch.setattr(origin, "LOOK_SECONDS", 0.005)
    (tmp_path / "models").mkdir()
    bundle.save(tmp_path / "models/a.pretzel", regression(3))
    cache = ObjectCache(tmp_path / "cache")
    follower = Follower(tmp_path / "models", cache)
    yield follower
    await follower.stop()
    cache.close()


async def test_follows_its_files(follower: Follower, tmp_path: Path):
    models = tmp_path / "models"
    await follower.until(lambda: follower.versions() == {"a": 1})
    first = follower.puller.published.find("a")
    assert first.plan == objects_of(regression(3))[0] and first.definition == regression(3).digest
    assert first.verification == "not verified: it was read from the file a.pretzel"

    # A damaged file is named, and the other is served; its model stays as it was.
    content = (models / "a.pretzel").read_bytes()
    (models / "a.pretzel").write_bytes(content[:-64])
    bundle.save(models / "b.pretzel", regression(3, bias=1.0))
    await follower.until(lambda: follower.versions() == {"a": 1, "b": 1})
    await follower.until(lambda: "damaged or cut off" in follower.problem)
    assert str(models / "a.pretzel") in follower.problem
    published = follower.published

    # The same content again keeps the version, and another makes one.
    (models / "a.pretzel").write_bytes(content)
    (models / "b.pretzel").unlink()
    await follower.until(lambda: follower.versions() == {"a": 1})
    assert follower.published == published + 1
    bundle.save(models / "a.pretzel", regression(3, bias=2.0))
    await follower.until(lambda: follower.versions() == {"a": 2})

    # A folder that is emptied, or gone, changes nothing.
    (models / "a.pretzel").unlink()
    await follower.until(lambda: "no file" in follower.problem)
    models.rmdir()
    await follower.until(lambda: "cannot read" in follower.problem)
    assert follower.versions() == {"a": 2} and not follower.puller.watcher.connected


async def test_lost_objects_are_compiled_again_and_a_restart_serves_what_was_served(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    await follower.until(lambda: follower.versions() == {"a": 1})
    plan = follower.puller.published.find("a").plan
    fetcher = follower.puller.fetcher
    assert await fetcher.fetch([plan]) == {}
    follower.cache.drop([plan])
    assert await fetcher.fetch([plan]) == {} and follower.cache.has(plan)

    # A call for an unknown name does not wait for the next look.
    monkeypatch.setattr(origin, "LOOK_SECONDS", 3600.0)
    assert await follower.puller.catch_up(SECONDS)
    os.replace(tmp_path / "models/a.pretzel", tmp_path / "a")
    assert await follower.puller.catch_up(SECONDS)
    assert "no file" in follower.problem

    await follower.stop()
    again = Follower(tmp_path / "absent", follower.cache)
    await again.stop()
    await again.puller.restore()
    assert again.versions() == {"a": 1}

    follower.cache.drop([plan])
    failures = await fetcher.fetch([plan])
    assert "no file" in str(failures[plan]) and fetcher.failures == 1


@pytest.mark.parametrize(
    ("program", "seconds", "error", "message"),
    [
        ("#!/bin/sh\nexit 3\n", 60.0, UnavailableError, "ended with exit code 3; is there enough memory"),
        ("#!/bin/sh\nkill -9 $$\n", 60.0, UnavailableError, "was killed by SIGKILL"),
        ("#!/bin/sh\nexec sleep 60\n", 0.05, ExhaustedError, "not compiled after 0 s"),
        ("#!/bin/sh\nprintf '\\377\\0\\0\\0\\0\\0\\0\\0'\n", 60.0, PreconditionError, "its description takes"),
    ],
)
async def test_a_process_that_fails(tmp_path, monkeypatch, program, seconds, error, message):
    (tmp_path / "python").write_text(program)
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("pretzel.data_plane.folder.compiling.SECONDS", seconds)
    cache = ObjectCache(tmp_path / "cache")
    try:
        with pytest.raises(error, match=rf"a\.pretzel: .*{message}"):
            await FileCompiler(cache).compile(Path("a.pretzel"))
    finally:
        cache.close()
