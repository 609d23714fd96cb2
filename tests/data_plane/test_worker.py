"""Workers as users run them: a supervisor and its serving processes, killed, restarted and disconnected."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from prometheus_client.parser import text_string_to_metric_families

from pretzel.data_plane.cache.kept import read_catalog
from pretzel.data_plane.cache.layout import Layout
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.worker import WorkerProcess

ROWS = np.arange(6.0).reshape(2, 3)
NOWHERE = "127.0.0.1:9"


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.long), 2], ids=["one process", "two processes"])
async def worker(
    request: pytest.FixtureRequest, control: ScriptedControlPlane, tmp_path: Path
) -> AsyncIterator[WorkerProcess]:
    await deploy(control, "m", regression(3))
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", str(request.param))
    yield worker
    await worker.close()


async def until(condition, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def scrape(worker: WorkerProcess) -> dict[tuple[str, ...], float]:
    url = f"http://127.0.0.1:{worker.ready['metrics_port']}/metrics"
    text = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read().decode())
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value for sample in samples}


async def test_it_serves_follows_reports_and_is_measured(worker: WorkerProcess, control: ScriptedControlPlane):
    np.testing.assert_allclose((await worker.predict("m", ROWS))["predict"], expected(3, ROWS))
    assert len(worker.group()) == 1 + len(worker.ready["processes"])
    await until(lambda: control.reports and control.reports[-1].revision == 1)
    report = control.reports[-1]
    assert (report.worker, report.epoch, report.kernel_set) == (worker.ready["worker"], "first", "1")
    assert report.address == f"127.0.0.1:{worker.ready['port']}"

    # Every process serves the reported revision.
    await deploy(control, "m", regression(3, bias=1.0))
    await until(lambda: control.reports[-1].revision == 2)
    for _ in range(6):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{worker.ready['port']}") as channel:
            fresh = WorkerProcess(worker.process, worker.ready)
            fresh.channel, fresh.stub = channel, type(worker.stub)(channel)
            np.testing.assert_allclose((await fresh.predict("m", ROWS))["predict"], expected(3, ROWS, 1.0))

    with pytest.raises(grpc.aio.AioRpcError):
        await worker.predict("unknown", ROWS)
    numbers = await scrape(worker)
    assert numbers["pretzel_request_seconds_count", "Predict", "m"] == 7
    assert numbers["pretzel_rows_total", "Predict", "m"] == 14
    assert numbers["pretzel_errors_total", "NOT_FOUND", "Predict", "other"] == 1
    assert numbers["pretzel_revision",] == 2
    assert numbers["pretzel_processes",] == len(worker.ready["processes"])
    assert numbers["pretzel_control_plane_connected",] == 1
    assert numbers["pretzel_resident_plans",] >= 1
    assert numbers["pretzel_resident_bytes",] > 0
    assert numbers["pretzel_fused_bytes",] == 0
    assert await worker.stop() == 0
    assert control.reports[-1].leaving


async def test_a_model_is_found_as_soon_as_it_is_deployed(worker: WorkerProcess, control: ScriptedControlPlane):
    for i in range(5):
        name = f"new{i}"
        await deploy(control, name, regression(3, bias=i))
        got = await worker.predict(name, ROWS)  # without waiting for the worker to learn of it
        np.testing.assert_allclose(got["predict"], expected(3, ROWS, i))


async def test_sigterm_to_the_supervisor_ends_all(worker: WorkerProcess):
    assert await worker.stop() == 0
    assert await worker.gone(5)


async def test_sigterm_to_the_group_ends_all(worker: WorkerProcess):
    os.killpg(worker.process.pid, signal.SIGTERM)
    assert await worker.gone()
    assert await worker.process.wait() == 0


async def test_no_process_outlives_a_killed_supervisor(worker: WorkerProcess):
    worker.process.kill()
    await worker.process.wait()
    assert await worker.gone()


async def test_a_killed_process_is_replaced_and_no_call_is_lost(worker: WorkerProcess):
    stop, answered = asyncio.Event(), 0

    async def caller() -> None:
        nonlocal answered
        while not stop.is_set():
            got = await worker.predict("m", ROWS)
            np.testing.assert_allclose(got["predict"], expected(3, ROWS))
            answered += 1

    callers = [asyncio.create_task(caller()) for _ in range(8)]
    victims = list(worker.ready["processes"])
    await until(lambda: answered > 100)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
        before = answered
        await until(lambda before=before: answered > before + 100)
    await until(lambda: len(worker.group()) == 1 + len(victims))
    stop.set()
    await asyncio.gather(*callers)  # raises the error of any call
    numbers = await scrape(worker)
    assert numbers["pretzel_process_restarts_total",] == len(victims)


async def test_counters_never_fall(worker: WorkerProcess):
    for _ in range(10):
        await worker.predict("m", ROWS)
    before = await scrape(worker)
    for victim in worker.ready["processes"]:
        os.kill(victim, signal.SIGKILL)
    await worker.predict("m", ROWS)
    after = await scrape(worker)
    key = ("pretzel_request_seconds_count", "Predict", "m")
    assert after[key] == before[key] + 1 == 11


async def test_it_restarts_from_its_cache_without_a_control_plane(control: ScriptedControlPlane, tmp_path: Path):
    await deploy(control, "m", regression(20_000))
    rows = np.ones((1, 20_000))
    first = await WorkerProcess.start(tmp_path, control.address)
    want = expected(20_000, rows)
    np.testing.assert_allclose((await first.predict("m", rows))["predict"], want)
    await until(lambda: control.reports and control.reports[-1].revision == 1)
    first.process.kill()  # it had no time to deregister
    assert await first.gone()
    await first.close()
    await control.stop()
    again = await WorkerProcess.start(tmp_path, NOWHERE)
    try:
        np.testing.assert_allclose((await again.predict("m", rows))["predict"], want)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await again.predict("n", rows)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # it may have been deployed meanwhile
        assert "the control plane cannot be reached to check whether it is new" in caught.value.details()
        numbers = await scrape(again)
        assert (numbers["pretzel_control_plane_connected",], numbers["pretzel_revision",]) == (0, 1)
    finally:
        await again.close()


async def test_health_waits_for_the_first_catalog(tmp_path: Path):
    control = ScriptedControlPlane()
    await control.start()
    address = control.address
    await control.stop()
    worker = await WorkerProcess.start(tmp_path, address)
    try:
        watch = HealthStub(worker.channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await control.start(control.port)
        async with asyncio.timeout(20):
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    finally:
        await worker.close()
        await control.stop()


async def test_an_object_damaged_at_rest_is_fetched_again(control: ScriptedControlPlane, tmp_path: Path):
    await deploy(control, "m", regression(20_000))
    worker = await WorkerProcess.start(tmp_path, control.address)
    try:
        await until(lambda: control.reports and control.reports[-1].revision == 1)
        for path in Layout(tmp_path).objects.glob("??/*"):  # before they were mapped
            path.chmod(0o644)
            os.truncate(path, 10)
        rows = np.ones((1, 20_000))
        np.testing.assert_allclose((await worker.predict("m", rows))["predict"], expected(20_000, rows))
        assert (await scrape(worker))["pretzel_damaged_objects_total",] >= 1
    finally:
        await worker.close()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "pretzel.data_plane", "--metrics-port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


# The quick tests of taken ports are in test_listening.py.
@pytest.mark.long
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_is_reported(tmp_path: Path, workers: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("--port", port, "--workers", workers, "--cache-dir", str(tmp_path))
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.long
def test_a_taken_metrics_port_is_reported(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("--port", "0", "--metrics-port", port, "--cache-dir", str(tmp_path))
    assert ended.returncode == 1
    assert (
        f"metrics: cannot listen on 127.0.0.1:{port} (Address already in use); choose another metrics_port"
        in ended.stderr
    )


def test_an_open_address_is_rejected():
    ended = run("--host", "0.0.0.0")
    assert ended.returncode == 2
    assert "pass --insecure" in ended.stderr


async def test_two_workers_cannot_share_a_cache(control: ScriptedControlPlane, tmp_path: Path):
    worker = await WorkerProcess.start(tmp_path, control.address)
    try:
        ended = await asyncio.to_thread(run, "--port", "0", "--cache-dir", str(tmp_path))
        assert ended.returncode == 1
        assert "in use by another worker" in json.loads(ended.stderr.splitlines()[-1])["error"]
    finally:
        await worker.close()


async def test_a_catalog_of_another_store_is_held_and_reported(worker: WorkerProcess, control: ScriptedControlPlane):
    await until(lambda: control.reports and control.reports[-1].revision == 1)
    await control.stop()
    control.epoch, control.revision, control.models, control.log = "second", 0, {}, []
    await control.start(control.port)
    await until(lambda: control.reports[-1].problems)
    report = control.reports[-1]
    assert (report.epoch, report.revision) == ("first", 1)
    assert "--accept-epoch second" in report.problems[0]
    assert (await scrape(worker))["pretzel_epoch_held",] == 1
    np.testing.assert_allclose((await worker.predict("m", ROWS))["predict"], expected(3, ROWS))
    control.replaces = "first"
    await control.stop()
    await control.start(control.port)
    await until(lambda: control.reports[-1].epoch == "second")
    assert not control.reports[-1].problems


async def test_a_saved_catalog_that_others_damage_is_saved_again(
    worker: WorkerProcess, control: ScriptedControlPlane, tmp_path: Path
):
    """So that a restart without a control plane serves the same models."""
    await until(lambda: control.reports and control.reports[-1].revision == 1)
    file = Layout(tmp_path).catalog
    for damage in (lambda: file.write_bytes(file.read_bytes()[:50]), file.unlink):
        damage()
        await until(lambda: (catalog := read_catalog(file)) is not None and catalog[0].revision == 1)
