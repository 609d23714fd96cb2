"""Measurements of a serving process with models of real estimators, over both fronts and both protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pretzel.errors import NotFoundError
from pretzel.loadgen import measuring
from pretzel.loadgen.measuring import Measurement
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.schedule import Load
from pretzel.loadgen.server import Server
from pretzel.loadgen.trace import read_trace
from pretzel.targets import Tls
from tests.data_plane.oip.trained import definitions
from tests.data_plane.serve.conftest import Serving, front

__all__ = ["front"]
LOAD = Load(seconds=0.3, warm_up=0, rate=300, timeout=20)
MODELS = ("wine", "text", "frame")


@pytest.fixture
async def port(tmp_path: Path, front: str) -> AsyncIterator[int]:
    serving = Serving(tmp_path, queue=1024, front=front)
    await serving.start()
    for name in MODELS:
        await serving.deploy(name, definitions()[name])
    yield serving.port
    await serving.stop()


async def measured(port: int, protocol: str, *models: str, load: Load = LOAD, rows: str = "1") -> dict[str, Any]:
    server, sizes = Server(f"127.0.0.1:{port}", Tls(), 20), Sizes.parse(rows)
    measurement = Measurement(server, protocol, models, sizes, 1.0, "predict", load, 2, slo=1e4)
    # On a thread with its own event loop, as the command runs it.
    return await asyncio.to_thread(measuring.measure, measurement)


@pytest.mark.parametrize("protocol", ["pretzel", "oip"])
async def test_models_and_sizes(port: int, protocol: str):
    result = await measured(port, protocol, *MODELS, rows="1:0.5,20:0.5")
    assert result["statuses"].keys() <= {"OK", "RESOURCE_EXHAUSTED"}  # a busy machine makes the worker shed load
    assert result["models"] == 3 and result["latency_by_rows_ms"].keys() == {"1", "20"}
    assert result["calls"] + result["failures"] == result["generator"]["scheduled"] > 40
    assert result["goodput"] >= result["calls_per_second"] > 0 and result["generator"]["not_sent"] == 0


async def test_a_trace(port: int, tmp_path: Path):
    (tmp_path / "trace").write_text("".join(f"{i / 100},{MODELS[i % 3]},{1 + i % 2}\n" for i in range(12)))
    load = Load(seconds=9, warm_up=0, trace=read_trace(tmp_path / "trace"), timeout=20)
    result = await measured(port, "pretzel", load=load)
    assert (result["calls"], result["load"], result["models"]) == (12, "open loop, trace", 3)


@pytest.mark.parametrize("protocol", ["pretzel", "oip"])
async def test_an_unknown_model_is_named(port: int, protocol: str):
    with pytest.raises(NotFoundError, match="missing"):
        await measured(port, protocol, "wine", "missing")
