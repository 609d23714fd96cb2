"""The background work of a control plane meets errors of the machine and continues."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from grpc_health.v1 import health, health_pb2
from prometheus_client import generate_latest

from pretzel.control_plane.serve import conditions
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.settings import Settings


async def test_a_failed_check_of_the_conditions_is_repeated_counted_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plane, checks = Plane(Settings(data_dir=tmp_path / "data")), health.aio.HealthServicer()
    monkeypatch.setattr(conditions, "SECONDS", 0.01)
    failures, problems = iter([errno.EMFILE, errno.EIO]), plane.problems

    def fail():
        if number := next(failures, 0):
            raise OSError(number, os.strerror(number))
        return problems()

    monkeypatch.setattr(plane, "problems", fail)
    task = asyncio.create_task(conditions.keep_current(checks, plane))
    try:
        async with asyncio.timeout(30):
            while plane.background.failures["conditions"] < 2 or plane.background.problems:
                await asyncio.sleep(0.01)
        store = await checks.Check(health_pb2.HealthCheckRequest(service=conditions.STORE), None)
        assert store.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        plane.close()


async def test_a_failed_collection_is_retried_counted_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
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
