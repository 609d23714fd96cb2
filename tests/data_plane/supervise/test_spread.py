"""Connections are shared out equally among the serving processes of a worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pretzel.data_plane.supervise.loads import CLOSED, Loads
from pretzel.data_plane.supervise.spread import Spread
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, regression
from tests.data_plane.worker import WorkerProcess
from tests.helpers.certificates import Authority

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
SECONDS = 20
ESTABLISHED = "01"


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "m", regression(3))
    yield control
    await control.stop()


def serving(worker: WorkerProcess) -> list[int]:
    """The serving processes of a worker now."""
    return sorted(worker.group() - {worker.process.pid})


def connections(worker: WorkerProcess, port: int) -> list[int]:
    """The number of connections of each serving process."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED}
    counts = []
    for pid in serving(worker):
        links = []
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(link))
        counts.append(sum(f"socket:[{inode}]" in links for inode in inodes))
    return counts


async def open_connections(port: int, count: int) -> list[socket.socket]:
    """Open connections, one after the other: each until the server has greeted."""
    opened, loop = [], asyncio.get_running_loop()
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, PREFACE)
        async with asyncio.timeout(SECONDS):
            assert await loop.sock_recv(connection, 1000)
        opened.append(connection)
    return opened


async def settles(condition) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def test_each_process_gets_as_many(control: ScriptedControlPlane, tmp_path: Path):
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", "2")
    port = worker.ready["port"]
    try:
        opened = await open_connections(port, 8)
        assert connections(worker, port) == [4, 4]
        for connection in opened[:4]:  # whichever had them
            connection.close()
        await settles(lambda: sum(connections(worker, port)) == 4)
        opened += await open_connections(port, 4)
        assert connections(worker, port) == [4, 4]
        for connection in opened:
            connection.close()
    finally:
        await worker.close()


GOAWAY = b"\x07\x00\x00\x00\x00\x00"
"""Type, flags and stream of the frame that asks a client to connect again."""


async def frames(connection: socket.socket, seen: dict[socket.socket, bytes]) -> None:
    """Read what a server sends until it closes."""
    with contextlib.suppress(ConnectionError):
        while data := await asyncio.get_running_loop().sock_recv(connection, 1000):
            seen[connection] = seen.get(connection, b"") + data


@pytest.mark.long
async def test_a_process_that_was_restarted_gets_its_share(control: ScriptedControlPlane, tmp_path: Path):
    """The clients of surplus connections are asked to connect again, and no others."""
    worker = await WorkerProcess.start(tmp_path, control.address, "--workers", "2")
    port, seen = worker.ready["port"], {}
    try:
        opened = await open_connections(port, 8)
        readers = [asyncio.create_task(frames(connection, seen)) for connection in opened]
        dead = serving(worker)[0]
        os.kill(dead, signal.SIGKILL)
        await settles(lambda: sum(reader.done() for reader in readers) == 4)
        await settles(lambda: sum(GOAWAY in data for data in seen.values()) == 2)
        again = await open_connections(port, 2)
        async with asyncio.timeout(SECONDS):  # the two that were asked are closed soon
            while connections(worker, port) != [2, 2]:
                await asyncio.sleep(0.05)
        assert sum(GOAWAY in data for data in seen.values()) == 2
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for connection in (*opened, *again):
            connection.close()
    finally:
        await worker.close()


@pytest.mark.long
async def test_failed_handshakes_do_not_count_and_unix_sockets_are_shared_out_too(
    control: ScriptedControlPlane, tmp_path: Path
):
    pair = Authority(tmp_path / "tls").issue("server")
    path = tmp_path / "socket"
    tls = ["--tls-cert", str(pair.cert), "--tls-key", str(pair.key), "--listen", f"unix:{path}"]
    worker = await WorkerProcess.start(tmp_path / "cache", control.address, "--workers", "2", *tls)
    try:
        loop = asyncio.get_running_loop()
        for _ in range(7):  # plain text
            with socket.create_connection(("127.0.0.1", worker.ready["port"]), SECONDS) as failing:
                failing.setblocking(False)
                await loop.sock_sendall(failing, PREFACE)
                async with asyncio.timeout(SECONDS):
                    while await loop.sock_recv(failing, 1000):
                        pass
        opened = []
        for _ in range(8):
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            await loop.sock_connect(connection, str(path))
            await loop.sock_sendall(connection, PREFACE)
            async with asyncio.timeout(SECONDS):
                assert await loop.sock_recv(connection, 1000)
            opened.append(connection)
        assert unix_connections(worker, str(path)) == [4, 4]
        for connection in opened:
            connection.close()
    finally:
        await worker.close()


def unix_connections(worker: WorkerProcess, path: str) -> list[int]:
    """The number of accepted connections of a Unix socket in each serving process."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    inodes = {row[6] for row in rows if row[-1] == path and row[5] == "03"}
    counts = []
    for pid in serving(worker):
        links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists() or link.is_symlink()]
        counts.append(sum(f"socket:[{inode}]" in links for inode in inodes))
    return counts


def test_connections_that_a_dead_process_did_not_take_are_closed():
    spread = Spread(2)
    fields = spread.fields(1)
    loads = Loads(fields["memory"], 2)
    loads.open[:] = (3, 1)
    assert loads.least(0) == 1
    ours, theirs = socket.socketpair()
    with ours, socket.socket(fileno=os.dup(fields["send"][1])) as sender:
        socket.send_fds(sender, [bytes((0, 0))], [theirs.fileno()])
        loads.handed[0, 1] += 1
        theirs.close()
        assert list(loads.now()) == [3, 2]
        spread.died(1)
        assert ours.recv(1) == b""  # closed: its client connects again
    assert list(loads.now()) == [3, CLOSED]
    assert loads.least(0) is None
    spread.close()
