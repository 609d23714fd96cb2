"""Silent connections do not take descriptors that a worker needs for its own work."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.serving import descriptors
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.test_worker import scrape, until
from tests.data_plane.worker import WorkerProcess

ROWS = np.arange(6.0).reshape(2, 3)
SILENT = 1500
LIMITED = ["prlimit", "--nofile=1024:1024"]


def test_connections_leave_a_reserve():
    for limit in (64, 256, 1024, 20_000, 1 << 20):
        most = descriptors.most_connections(limit)
        assert limit // 2 <= most < limit
        assert most == limit // 2 or limit - most >= descriptors.RESERVE


def test_the_soft_limit_is_raised_to_the_hard_one():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
        assert descriptors.raise_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def silent_connections(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Open that many silent connections; those rejected at once count as well."""
    needed, (soft, hard) = count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        pytest.skip(f"needs {needed} descriptors, this machine allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    opened = []
    try:
        for _ in range(count):
            opened.append(socket.socket())
            opened[-1].setblocking(False)
            assert opened[-1].connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS)
        yield opened
    finally:
        for each in opened:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_over(connection: socket.socket) -> bool:
    """Return whether the peer has closed a connection."""
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def descriptors_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
async def test_silent_connections_leave_room_for_the_work_and_are_dropped(tmp_path: Path, workers: int):
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "m", regression(3))
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", str(workers), prefix=LIMITED)
    try:
        np.testing.assert_allclose((await worker.predict("m", ROWS))["predict"], expected(3, ROWS))
        with silent_connections(worker.ready["port"], SILENT * workers) as silent:
            began = time.monotonic()
            await until(lambda: sum(map(is_over, silent)) >= (SILENT - 1024) * workers)
            for pid in worker.ready["processes"]:
                assert descriptors_of(pid) <= 1024 - 100
            # The existing channel keeps working, and a deployment with new objects arrives.
            np.testing.assert_allclose((await worker.predict("m", ROWS))["predict"], expected(3, ROWS))
            await deploy(control, "wide", regression(20_000))
            revision = control.revision
            await until(lambda: control.reports[-1].revision == revision)
            assert not control.reports[-1].problems
            rows = np.ones((1, 20_000))
            np.testing.assert_allclose((await worker.predict("wide", rows))["predict"], expected(20_000, rows))
            assert (await scrape(worker))["pretzel_process_restarts_total",] == 0
            # The server drops the silent connections while they are held, and then serves new ones.
            await until(lambda: all(map(is_over, silent)), descriptors.HANDSHAKE_SECONDS + 20)
            assert time.monotonic() - began < descriptors.HANDSHAKE_SECONDS + 25
            async with grpc.aio.insecure_channel(f"127.0.0.1:{worker.ready['port']}") as channel:
                fresh = WorkerProcess(worker.process, worker.ready)
                fresh.channel, fresh.stub = channel, type(worker.stub)(channel)
                np.testing.assert_allclose((await fresh.predict("m", ROWS))["predict"], expected(3, ROWS))
    finally:
        await worker.close()
        await control.stop()


async def test_an_idle_connection_is_closed(tmp_path: Path):
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "m", regression(3))
    worker = await WorkerProcess.start(tmp_path, control.address, "--connection-idle-seconds", "0.5")
    try:
        await worker.predict("m", ROWS)
        await until(lambda: worker.channel.get_state() is not grpc.ChannelConnectivity.READY)
        np.testing.assert_allclose((await worker.predict("m", ROWS))["predict"], expected(3, ROWS))  # and it reconnects
    finally:
        await worker.close()
        await control.stop()
