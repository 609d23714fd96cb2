"""Garbage of deployments is collected between them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from pretzel.control_plane.deploy import Deployment
from pretzel.control_plane.serve import deployments
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.settings import Settings
from pretzel.errors import InputError


async def failing(plane: Plane, build) -> None:
    """Run a deployment to its end."""
    with pytest.raises(InputError, match="no definition"):
        async for _ in plane.deployments.run(Deployment("m", [], build), 0.0):
            pass


def refuse(parameters: Mapping) -> None:
    raise InputError("no definition")


async def test_garbage_is_collected_once_no_deployment_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    collected = asyncio.Event()
    monkeypatch.setattr(deployments, "collect_if_due", collected.set)
    monkeypatch.setattr(deployments, "REST_SECONDS", 0.02)
    plane, release, started = Plane(Settings(data_dir=tmp_path / "data", deployments=2)), threading.Event(), []

    def wait(parameters: Mapping) -> None:
        started.append(1)
        assert release.wait(30)
        refuse(parameters)

    try:
        await failing(plane, refuse)
        long = asyncio.create_task(failing(plane, wait))
        async with asyncio.timeout(30):
            while not started:
                await asyncio.sleep(0.001)
        collected.clear()
        await failing(plane, refuse)
        await asyncio.sleep(0.1)
        assert not collected.is_set()
        release.set()
        await long
        async with asyncio.timeout(30):
            await collected.wait()
    finally:
        release.set()
        plane.close()
