"""Two control planes over one catalog in PostgreSQL and one store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import overview_pb2, overview_pb2_grpc
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, models, sample
from tests.control_plane.serve.test_workers import report, watching


@dataclass
class Pair:
    a: Server
    b: Server
    url: str


@pytest.fixture(scope="module")
def pair(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root, url = tmp_path_factory.mktemp("several"), str(postgres.new())
    shared = {"catalog": url, "store": root / "objects", "report_seconds": 0.2, "wait_seconds": 5, "deployments": 2}
    with control_plane(root / "a", **shared) as a, control_plane(root / "b", **shared) as b:
        yield Pair(a, b, url)


def workers(server: Server) -> dict[str, int]:
    listed = overview_pb2_grpc.OverviewServiceStub(server.channel).ListWorkers(overview_pb2.ListWorkersRequest())
    return {worker.name: worker.revision for worker in listed.workers}


def until(condition, seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
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
    from pretzel.control_plane.fsck import check_directory
    from pretzel.control_plane.migrate import migrate, step_back
    from pretzel.errors import PreconditionError

    for act in (
        lambda: migrate(pair.url, str(tmp_path / "catalog.sqlite")),
        lambda: step_back(pair.url),
        lambda: list(check_directory(tmp_path / "data", True, str(tmp_path / "objects"), pair.url)),
    ):
        with pytest.raises(
            PreconditionError, match=r"in use by pretzel, pid \d+ on .*; .*stop what uses it, and retry"
        ):
            act()
