"""The addresses of a worker: TLS, Unix sockets, several at once, and those that are taken."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel import AsyncClient, errors
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise.ports import SharedAddresses
from pretzel.serving.tls import ServerTls, TlsFiles
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.test_worker import until
from tests.data_plane.worker import WorkerProcess
from tests.helpers.certificates import Authority, Pair

SECONDS = 20
ROWS = np.arange(6.0).reshape(2, 3)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue("worker")


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    plane = ScriptedControlPlane()
    await plane.start()
    await deploy(plane, "m", regression(3))
    yield plane
    await plane.stop()


@asynccontextmanager
async def working(cache: Path, control: str, *arguments: object) -> AsyncIterator[WorkerProcess]:
    worker = await WorkerProcess.start(cache, control, *map(str, arguments))
    try:
        yield worker
    finally:
        await worker.close()


async def predicts(address: str, **tls: Any) -> bool:
    async with AsyncClient(address, timeout=SECONDS, channels=1, **tls) as client:
        answer = await client.infer("m", {"x": ROWS}, ["predict"])
        np.testing.assert_allclose(answer["predict"], expected(3, ROWS))
        return True


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def files(pair: Pair) -> list[object]:
    return ["--tls-cert", pair.cert, "--tls-key", pair.key]


async def test_tls_unix_sockets_and_further_ports(
    control: ScriptedControlPlane, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    further, path = free_port(), tmp_path / "s"
    listen = ["--listen", f"unix:{path},127.0.0.1:{further}", "--socket-mode", "0640"]
    async with working(tmp_path / "cache", control.address, *files(pair), *listen) as worker:
        for port in (worker.ready["port"], further):
            assert await predicts(f"https://localhost:{port}", tls_ca=authority.cert)
        assert await predicts(f"unix:{path}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        with pytest.raises(errors.UnavailableError, match="the server speaks TLS"):
            await predicts(f"127.0.0.1:{further}")
        url, trusted = worker.ready["metrics_port"], ssl.create_default_context(cafile=authority.cert)
        page = urllib.request.urlopen(f"https://localhost:{url}/metrics", timeout=SECONDS, context=trusted)
        assert b"pretzel_models 1.0" in page.read()
        await worker.stop()
        assert not path.exists()


async def test_several_processes_share_a_unix_socket(control: ScriptedControlPlane, tmp_path: Path) -> None:
    path = tmp_path / "s"
    listen = ["--workers", "2", "--listen", f"unix:{path}"]
    async with working(tmp_path / "cache", control.address, *listen) as worker:
        await until(lambda: control.reports and control.reports[-1].revision == 1)  # both serve the model
        first, second = worker.ready["processes"]
        for stopped, other in ((first, second), (second, first)):
            os.kill(stopped, signal.SIGSTOP)
            assert await predicts(f"unix:{path}"), f"process {other} does not accept"
            os.kill(stopped, signal.SIGCONT)
        await worker.stop()
        assert not path.exists()


async def test_the_socket_of_a_killed_worker_is_replaced(control: ScriptedControlPlane, tmp_path: Path) -> None:
    path = tmp_path / "s"
    for _ in range(2):
        async with working(tmp_path / "cache", control.address, "--listen", f"unix:{path}") as worker:
            assert await predicts(f"unix:{path}")
            os.killpg(worker.process.pid, signal.SIGKILL)
            assert await worker.gone()
            assert path.exists()


async def test_mutual_tls(control: ScriptedControlPlane, authority: Authority, pair: Pair, tmp_path: Path) -> None:
    more = ["--tls-client-ca", authority.cert]
    async with working(tmp_path, control.address, *files(pair), *more) as worker:
        address = f"https://localhost:{worker.ready['port']}"
        assert await predicts(address, tls_ca=authority.cert, tls_cert=pair.cert, tls_key=pair.key)
        with pytest.raises(errors.UnavailableError, match="requires a client certificate, give tls_cert="):
            await predicts(address, tls_ca=authority.cert)


async def test_new_certificates_are_used_without_a_restart(
    control: ScriptedControlPlane, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    own = Pair(shutil.copyfile(pair.cert, tmp_path / "cert.pem"), shutil.copyfile(pair.key, tmp_path / "key.pem"))
    further = free_port()
    options = ["--workers", 2, "--listen", f"127.0.0.1:{further}"]
    async with working(tmp_path / "cache", control.address, *files(own), *options) as worker:
        assert await predicts(f"https://localhost:{further}", tls_ca=authority.cert)
        address = f"https://localhost:{worker.ready['port']}"
        async with AsyncClient(address, timeout=SECONDS, tls_ca=authority.cert, channels=8) as old:
            for _ in range(8):
                await old.describe("m")
            own.replace(other.issue("renewed"))

            async def renewed() -> bool:
                try:
                    return await predicts(address, tls_ca=other.cert)
                except errors.UnavailableError:
                    return False

            async with asyncio.timeout(SECONDS):
                while not all([await renewed() for _ in range(8)]):  # both processes
                    pass
            for _ in range(8):
                await old.describe("m")
        assert len(worker.ready["processes"]) == 2


async def test_a_worker_pulls_by_mutual_tls(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    own, client = tmp_path / "cache", authority.issue("puller")
    control = ScriptedControlPlane()
    tls = ServerTls(TlsFiles(pair.cert, pair.key, authority.cert))
    await control.start(tls=tls)
    try:
        await deploy(control, "m", regression(3))
        address, ca = f"https://localhost:{control.port}", ["--tls-ca", authority.cert]
        shown = ["--client-cert", client.cert, "--client-key", client.key]
        async with working(own, address, *ca, *shown) as worker:
            assert await predicts(f"127.0.0.1:{worker.ready['port']}")
            await until(lambda: control.reports and control.reports[-1].revision == 1)
        async with working(own, f"localhost:{control.port}", *ca, *files(client)) as worker:
            reports = len(control.reports)
            assert await predicts(f"https://localhost:{worker.ready['port']}", tls_ca=authority.cert)
            await until(lambda: len(control.reports) > reports)
            assert control.reports[-1].address == f"https://127.0.0.1:{worker.ready['port']}"
    finally:
        await control.stop()


async def test_a_worker_shows_a_renewed_certificate(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    """The control plane accepts the old authority, then only the new one; a watch that is open stays."""
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    own = Pair(tmp_path / "client.pem", tmp_path / "client.key")
    shutil.copyfile(old.issue("a").cert, own.cert), shutil.copyfile(tmp_path / "old/a.key", own.key)
    clients = shutil.copyfile(old.cert, tmp_path / "clients.pem")
    control = ScriptedControlPlane()
    await control.start(tls=ServerTls(TlsFiles(pair.cert, pair.key, clients)))
    try:
        await deploy(control, "m", regression(3))
        shown = ["--tls-ca", authority.cert, "--client-cert", own.cert, "--client-key", own.key]
        async with working(tmp_path / "cache", f"https://localhost:{control.port}", *shown) as worker:
            await until(lambda: control.reports and control.reports[-1].revision == 1)
            shutil.copyfile(new.issue("b").cert, own.cert)  # without its key: not used
            reports = len(control.reports)
            await until(lambda: len(control.reports) > reports)
            shutil.copyfile(tmp_path / "new/b.key", own.key)
            shutil.copyfile(new.cert, clients)
            await until(lambda: len(control.reports) > reports + 3)
            assert len(control.watches) == 1
            await deploy(control, "n", regression(3))
            await until(lambda: control.reports[-1].revision == 2)
            port = control.port
            await control.stop()
            await control.start(port, tls=ServerTls(TlsFiles(pair.cert, pair.key, clients)))
            await until(lambda: len(control.watches) > 1)
            assert await predicts(f"127.0.0.1:{worker.ready['port']}")
    finally:
        await control.stop()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def fails(tmp_path: Path, *arguments: object) -> str:
    """Start `pretzel worker`, which must end, and return its errors."""
    command = [sys.executable, "-P", "-m", "pretzel.cli", "worker", "--cache-dir", str(tmp_path / "cache")]
    command += ["--control-plane", "127.0.0.1:1", "--port=0", "--metrics-port=0", "--log-level=error"]
    ended = subprocess.run([*command, *map(str, arguments)], env=os.environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode not in (0, None)
    assert ended.stdout == ""
    return ended.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--metrics-port={taken}"],
            "error: metrics: cannot listen on 127.0.0.1:{taken} (Address already in use); choose another metrics_port",
        ),
        (["--port={taken}"], "error: cannot listen on 127.0.0.1:{taken}: Address already in use; choose another port"),
        (["--port={taken}", "--front=grpcio"], "error: cannot listen on 127.0.0.1:{taken}: the port is taken"),
        (
            ["--port={taken}", "--workers=2"],
            "error: cannot listen on 127.0.0.1:{taken}: Address already in use; choose another port",
        ),
        (["--listen=127.0.0.1:{taken}"], "Address already in use; choose another listen"),
        pytest.param(
            *(["--listen=127.0.0.1:{taken}", "--workers=2"], "Address already in use; choose another listen"),
            marks=pytest.mark.long,
        ),
        (["--listen=unix:{path}"], "error: cannot listen on unix:{path}: the file exists and is not a socket"),
        (
            ["--listen=unix:{path}.sock", "--workers=2", "--front=grpcio"],
            "error: unix:{path}.sock: grpcio cannot share a Unix socket among processes",
        ),
        (["--tls-cert={path}", "--tls-key={path}"], "error: tls_cert, tls_key: {path} or {path} is not valid PEM"),
        (
            ["--control-plane=https://host/x"],
            "error: address 'https://host/x': expected https://host:port and nothing else",
        ),
    ],
)
def test_an_address_that_cannot_be_used_ends_with_a_message(
    arguments: list[str], message: str, taken: int, tmp_path: Path
) -> None:
    names = {"taken": taken, "path": tmp_path / "file"}
    (tmp_path / "file").write_text("junk")
    assert message.format(**names) in fails(tmp_path, *(argument.format(**names) for argument in arguments))


def test_several_processes_inherit_one_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    held = SharedAddresses(Settings(workers=2, port=0, listen=[f"unix:{path}"], socket_mode=0o660))
    try:
        assert held.port > 0
        assert held.further == [f"unix:{path}"]
        with socket.socket(fileno=os.dup(held.descriptors[f"unix:{path}"])) as inherited:
            assert inherited.getsockname() == str(path)
            assert inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    finally:
        held.close()
    assert not path.exists()


def test_one_process_of_grpcio_binds_its_addresses(tmp_path: Path) -> None:
    held = SharedAddresses(Settings(port=5, listen=[f"unix:{tmp_path / 's'}"], front="grpcio", http="off"))
    assert (held.port, held.further, held.descriptors) == (5, [f"unix:{tmp_path / 's'}"], {})
