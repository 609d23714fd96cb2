"""Two control planes over one catalog in PostgreSQL and one store."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pretzel.client import Client, ControlPlane
from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.migrate import migrate, step_back
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.pull.channel import connect
from pretzel.data_plane.pull.watch import Watcher
from pretzel.errors import DeadlineError, PreconditionError
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import overview_pb2, overview_pb2_grpc
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import SECONDS, WIDTH, Server, definition, models, sample
from tests.control_plane.serve.test_workers import report, watching


class Pair:
    """Two control planes, each also on a Unix socket of its own, which it has again after a restart."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url = root, url
        self.servers = dict.fromkeys("ab")
        for name in self.servers:
            self.start(name)

    @property
    def a(self) -> Server:
        return self.servers["a"]

    @property
    def b(self) -> Server:
        return self.servers["b"]

    @property
    def addresses(self) -> str:
        return ",".join(map(self.socket, self.servers))

    def socket(self, name: str) -> str:
        return f"unix:{self.root}/{name}.sock"

    def start(self, name: str) -> None:
        times = {"report_seconds": 0.2, "wait_seconds": 5, "keep_versions": 0, "deployments": 2}
        where = {"catalog": self.url, "store": self.root / "objects", "control_listen": self.socket(name)}
        self.servers[name] = Server(self.root / name, **where, **times)

    def close(self) -> None:
        for server in self.servers.values():
            server.close()


@pytest.fixture(scope="module")
def pair(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    running = Pair(tmp_path_factory.mktemp("several"), str(postgres.new()))
    yield running
    running.close()


@contextmanager
def running_worker(pair: Pair) -> Iterator[str]:
    """A worker of both; yields its address."""
    socket, directory = f"unix:{pair.root}/worker.sock", pair.root / "worker"
    settings = {"control_plane": pair.addresses, "cache_dir": directory, "listen": socket, "http": "off"}
    settings |= {"port": 0, "metrics_port": 0, "report_seconds": 0.2}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pretzel.data_plane"],
        env=os.environ | {f"PRETZEL_{name.upper()}": str(value) for name, value in settings.items()},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None and process.stdout.readline()
        yield socket
    finally:
        process.terminate()
        process.wait(SECONDS)
        process.stdout.close()


def workers(server: Server) -> dict[str, int]:
    listed = overview_pb2_grpc.OverviewServiceStub(server.channel).ListWorkers(overview_pb2.ListWorkersRequest())
    return {worker.name: worker.revision for worker in listed.workers}


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def test_both_serve_one_catalog(pair: Pair):
    assert pair.a.ready["epoch"] == pair.b.ready["epoch"]
    with watching(pair.b, worker="both") as watcher:
        at = watcher.next().revision
        assert pair.a.deploy("both", definition(1), sample=sample(1)).version == 1
        (change, *_) = watcher.until(at + 1)
        assert not change.snapshot and [model.name for model in change.models] == ["both"]
    assert models(pair.b, "both") == ["both"]
    with watching(pair.a, pair.a.ready["epoch"], at, worker="both") as watcher:  # resumes at the other
        change = watcher.next()
        assert not change.snapshot and [model.name for model in change.models] == ["both"]
    assert pair.b.deploy("both", definition(1), sample=sample(1)).version == 1


def test_a_deployment_that_is_repeated_at_the_other_after_anothers(pair: Pair):
    """The answer of the first call was lost, another client deployed, and the first call comes again."""
    assert pair.a.deploy("again", definition(21), deployment_id="lost").version == 1
    assert pair.b.deploy("again", definition(22), deployment_id="another").version == 2
    assert pair.b.deploy("again", definition(21), deployment_id="lost").version == 1
    with ControlPlane(pair.addresses) as plane:
        model = plane.model("again")
    assert ([version.version for version in model.versions], model.aliases) == ([1, 2], {"stable": 2})


def test_a_deployment_waits_for_workers_of_the_other(pair: Pair):
    with watching(pair.b, worker="w1") as watcher:
        at = watcher.next().revision
        report(pair.b, "w1", at)
        until(lambda: workers(pair.a).get("w1") == at)
        answered: list[object] = []
        deploying = threading.Thread(target=lambda: answered.append(pair.a.deploy("w", definition(2), wait=True)))
        deploying.start()
        behind = watcher.until(at + 2)[-1].revision  # one for the version, one for the alias
        assert not answered
        report(pair.b, "w1", behind)
        deploying.join(SECONDS)
        assert answered
        report(pair.b, "w1", behind, leaving=True)
        until(lambda: "w1" not in workers(pair.a))


def test_a_worker_that_moves_is_listed_once(pair: Pair):
    for server, revision in ((pair.a, 1), (pair.b, 2), (pair.a, 3)):
        report(server, "mover", revision)
        for other in (pair.a, pair.b):
            until(lambda other=other, revision=revision: workers(other).get("mover") == revision)
    report(pair.a, "mover", 3, leaving=True)
    until(lambda: "mover" not in workers(pair.a) | workers(pair.b))


def test_one_collects_at_a_time_and_keeps_uploads_of_the_other(pair: Pair):
    sent = definition(7)
    pair.a.send(sent)
    assert pair.b.control.CollectGarbage(pb.CollectGarbageRequest()).objects == 0
    assert pair.b.deploy("kept", sent, sample=sample(7)).version == 1
    pair.a.control.DeleteModel(pb.DeleteModelRequest(model="kept", force=True))
    assert pair.b.control.CollectGarbage(pb.CollectGarbageRequest()).objects > 0


def test_what_changes_tables_needs_the_catalog_alone(pair: Pair, tmp_path: Path):
    for act in (
        lambda: migrate(pair.url, str(tmp_path / "catalog.sqlite")),
        lambda: step_back(pair.url),
        lambda: list(check_directory(tmp_path, True, str(tmp_path / "objects"), pair.url)),
    ):
        with pytest.raises(
            PreconditionError, match=r"in use by pretzel, pid \d+ on .*; .*stop what uses it, and retry"
        ):
            act()


def test_clients_and_workers_go_on_with_the_next_address(pair: Pair, tmp_path: Path):
    nowhere = f"unix:{tmp_path}/nowhere.sock"
    with ControlPlane(f"{nowhere},{pair.socket('b')}") as plane:
        assert plane.deploy("next", definition(4)).version == 1
        assert plane.deploy("next", definition(4)).version == 1

    async def fetched() -> list[str]:
        channel = connect(f"{nowhere},{pair.socket('a')}")
        watcher = Watcher(WorkerServiceStub(channel), "next", Catalog("", 0, {}))
        following = asyncio.create_task(watcher.run())
        async with asyncio.timeout(SECONDS):
            await watcher.moved.wait()
        following.cancel()
        await channel.close()
        return list(watcher.target.records)

    assert "next" in asyncio.run(fetched())
    with ControlPlane(f"{nowhere},{nowhere}2") as plane, pytest.raises(DeadlineError, match="no server answers"):
        plane.models(timeout=0.5)


def test_a_session_that_is_cut_is_opened_again(pair: Pair, postgres: Postgres):
    """Changes that were made meanwhile are seen, and the catalog is again not free for others."""
    database = pair.url.partition("?")[0].rpartition("/")[2]
    sessions = f"FROM pg_stat_activity WHERE datname = '{database}' AND application_name LIKE 'pretzel, pid%'"
    (before,) = [postgres.server.sql(f"SELECT array_agg(pid ORDER BY pid) {sessions}")[0][0]]
    assert len(before) == 2
    with watching(pair.b, worker="cut") as watcher:
        at = watcher.next().revision
        postgres.server.sql(f"SELECT pg_terminate_backend(pid, 10000) {sessions}")
        pair.a.deploy("cut", definition(5))
        assert watcher.until(at + 2)
    until(lambda: postgres.server.sql(f"SELECT count(*) {sessions}") == [(2,)])
    with pytest.raises(PreconditionError, match="in use by pretzel, pid"):
        step_back(pair.url)


class Deploying(threading.Thread):
    """A client that deploys one definition after the other to a model of its own, and uses each at once."""

    def __init__(self, pair: Pair, worker: str, name: str, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self.name, self._addresses, self._worker = name, pair.addresses, worker
        self.stop = threading.Event()
        self.versions: list[int] = []
        self.digests: list[object] = []
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with ControlPlane(self._addresses) as plane, Client(self._worker) as client:
                while not self.stop.is_set():
                    sent = definition(self._seed + len(self.versions))
                    version = plane.deploy(self.name, sent, timeout=SECONDS)
                    self.versions.append(version.version)
                    self.digests.append(version.definition)
                    assert version.definition == sent.digest
                    client.infer(f"{self.name}@{version.version}", {"x": np.zeros((1, WIDTH))}, timeout=SECONDS)
        except BaseException as error:
            self.error = error


@pytest.mark.parametrize("kills", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (3, 20))])
def test_killed_while_clients_deploy(pair: Pair, kills: int):
    """Nothing is lost or doubled, the revisions have no gaps, and what was acknowledged is served."""
    chance = random.Random(kills)
    with running_worker(pair) as worker, ControlPlane(pair.addresses) as plane:
        start = plane.workers().revision
        clients = [Deploying(pair, worker, f"killed{kills}-{i}", 1000 * (i + 1)) for i in range(3)]
        for _ in range(kills):
            before = sum(len(client.versions) for client in clients)
            until(lambda before=before: sum(len(client.versions) for client in clients) > before + 3)
            threading.Event().wait(chance.uniform(0, 0.1))
            name = chance.choice("ab")
            pair.servers[name].process.kill()
            pair.servers[name].close()
            pair.start(name)
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join(SECONDS)
        assert [client.error for client in clients] == [None] * 3
        published = {model.name: model for model in plane.models(prefix=f"killed{kills}-")}
        for client in clients:
            versions = published[client.name].versions
            assert client.versions == [version.version for version in versions] == [*range(1, len(versions) + 1)]
            assert client.digests == [version.definition for version in versions]
        # Each deployment adds a version, and moves the alias.
        assert plane.workers().revision == start + 2 * sum(len(client.versions) for client in clients)
