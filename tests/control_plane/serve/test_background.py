"""The background work of a control plane meets errors of the machine and goes on."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.settings import Settings


async def test_a_collection_that_fails_is_tried_again_counted_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plane = Plane(Settings(data_dir=tmp_path / "data", collect_seconds=0.01))
    failures = iter([errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EIO])
    digests = plane.store.digests

    def fail():
        if number := next(failures, 0):
            raise OSError(number, os.strerror(number))
        return digests()

    monkeypatch.setattr(plane.store, "digests", fail)
    task = asyncio.create_task(plane.collect_forever())
    try:
        async with asyncio.timeout(30):
            while not plane.background.problems:
                await asyncio.sleep(0.01)
            text = generate_latest(plane.metrics.registry).decode()
            assert 'pretzel_control_background_failing{task="collect"} 1.0' in text
            while plane.background.problems or plane.background.failures["collect"] < 5:
                await asyncio.sleep(0.01)
        text = generate_latest(plane.metrics.registry).decode()
        assert 'pretzel_control_background_failures_total{task="collect"} 5.0' in text
        assert 'pretzel_control_background_failing{task="collect"} 0.0' in text
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        plane.close()
