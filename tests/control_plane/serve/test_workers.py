"""The service for workers: the catalog as snapshot and changes, and deployments that wait for reports."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition


class Watcher:
    """Collects the messages of a watch; `error` is the error that ended it."""

    def __init__(
        self, server: Server, epoch: str = "", revision: int = 0, worker: str = "w", kernel_set: str = ""
    ) -> None:
        self._messages: queue.Queue[worker_pb2.WatchResponse | grpc.RpcError] = queue.Queue()
        request = worker_pb2.WatchRequest(worker=worker, epoch=epoch, revision=revision, kernel_set=kernel_set)
        self._call = server.worker.Watch(request)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for message in self._call:
                self._messages.put(message)
        except grpc.RpcError as error:
            self._messages.put(error)

    def next(self) -> worker_pb2.WatchResponse:
        message = self._messages.get(timeout=SECONDS)
        if isinstance(message, grpc.RpcError):
            raise message
        return message

    def until(self, revision: int) -> list[worker_pb2.WatchResponse]:
        seen = [self.next()]
        while seen[-1].revision < revision:
            seen.append(self.next())
        return seen

    def cancel(self) -> None:
        self._call.cancel()


@contextmanager
def watching(
    server: Server, epoch: str = "", revision: int = 0, worker: str = "w", kernel_set: str = ""
) -> Iterator[Watcher]:
    watcher = Watcher(server, epoch, revision, worker, kernel_set)
    try:
        yield watcher
    finally:
        watcher.cancel()


def report(server: Server, worker: str, revision: int, epoch: str = "", leaving: bool = False) -> float:
    request = worker_pb2.ReportRequest(
        worker=worker, epoch=epoch or server.ready["epoch"], revision=revision, kernel_set="1", leaving=leaving
    )
    return server.worker.Report(request, timeout=SECONDS).interval_seconds


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    with control_plane(tmp_path / "data", report_seconds=0.2, wait_seconds=5) as running:
        yield running


def test_a_snapshot_then_changes(fresh: Server):
    fresh.deploy("a", definition(1))
    with watching(fresh) as watcher:
        first = watcher.next()
        assert (first.snapshot, first.epoch, [m.name for m in first.models]) == (True, fresh.ready["epoch"], ["a"])
        fresh.deploy("b", definition(2))
        change = watcher.next()
        assert not change.snapshot
        assert [(m.name, dict(m.aliases)) for m in change.models] == [("b", {"stable": 1})]
        assert change.revision > first.revision
        fresh.control.SetAlias(pb.SetAliasRequest(model="b", alias="blue", version=1))
        assert dict(watcher.next().models[0].aliases) == {"stable": 1, "blue": 1}
        fresh.control.DeleteModel(pb.DeleteModelRequest(model="a", force=True))
        last = watcher.next()
        assert (list(last.models), list(last.deleted)) == ([], ["a"])
    with watching(fresh, first.epoch, first.revision) as resumed:
        delta = resumed.next()
        assert (delta.snapshot, [m.name for m in delta.models], list(delta.deleted)) == (False, ["b"], ["a"])
        assert delta.revision == last.revision
    with watching(fresh, first.epoch, last.revision) as current:
        nothing = current.next()
        assert (nothing.snapshot, len(nothing.models), nothing.revision) == (False, 0, last.revision)


@pytest.mark.parametrize(("epoch", "revision"), [("another store", 3), ("same", 10_000), ("same", -1)])
def test_a_watcher_of_another_store_gets_a_snapshot(server: Server, name: str, epoch: str, revision: int):
    server.deploy(name, definition(1))
    with watching(server, server.ready["epoch"] if epoch == "same" else epoch, revision) as watcher:
        first = watcher.next()
        assert first.snapshot
        assert name in [model.name for model in first.models]


def test_revisions_continue_after_a_restart(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        server.deploy("a", definition(1))
        with watching(server) as watcher:
            first = watcher.next()
    with control_plane(tmp_path / "data") as server:
        assert server.ready["epoch"] == first.epoch
        server.deploy("b", definition(2))
        with watching(server, first.epoch, first.revision) as watcher:
            assert not watcher.next().snapshot


def test_many_watchers_all_reach_the_last_revision(server: Server, name: str):
    watchers = [Watcher(server) for _ in range(10)]
    for i in range(5):
        server.deploy(f"{name}/{i}", definition(i))
    for watcher in watchers:
        seen: set[str] = set()
        while len(seen) < 5:
            seen |= {model.name for model in watcher.next().models if model.name.startswith(f"{name}/")}
        watcher.cancel()


def test_a_deployment_waits_for_all_live_workers(fresh: Server):
    assert report(fresh, "early", 1) == 0.2
    report(fresh, "late", 1)
    stop = threading.Event()

    def follow(name: str, delay: float) -> None:
        with watching(fresh, worker=name) as watcher:
            revision = watcher.next().revision
            watched[name].set()
            while not stop.is_set():
                report(fresh, name, revision)
                try:
                    revision = watcher._messages.get(timeout=0.05).revision
                except queue.Empty:
                    continue
                time.sleep(delay)
                times[name] = time.monotonic()

    times: dict[str, float] = {}
    watched = {"early": threading.Event(), "late": threading.Event()}
    threads = [threading.Thread(target=follow, args=each) for each in (("early", 0.0), ("late", 0.4))]
    for thread in threads:
        thread.start()
    for event in watched.values():
        event.wait(SECONDS)
    assert fresh.deploy("m", definition(1), wait=True).version == 1
    assert times["late"] <= time.monotonic()
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.long
def test_a_worker_that_stays_behind(fresh: Server):
    stop = threading.Event()

    def stay() -> None:
        while not stop.wait(0.1):
            report(fresh, "slow", 1)

    thread = threading.Thread(target=stay)
    report(fresh, "slow", 1)
    thread.start()
    fresh.send(definition(1))
    request = {"wait": True, "sample": None}
    start = time.monotonic()
    with (
        watching(fresh, worker="slow") as watcher,
        fails(
            "DEADLINE_EXCEEDED", r"published as revision \d+, but 1 workers did not report it in time: slow \(at 1\)"
        ),
    ):
        watcher.next()
        fresh.steps("m", definition(1), **request)
    assert 4 < time.monotonic() - start < 15
    stop.set()
    thread.join()
    assert [model.name for model in fresh.control.ListModels(pb.ListModelsRequest()).models] == ["m"]


def test_dead_leaving_and_foreign_workers(fresh: Server):
    for name in ("dead", "stranger"):
        with watching(fresh, worker=name) as watcher:
            watcher.next()
    report(fresh, "dead", 1)  # reports no more, so it is forgotten after a second
    report(fresh, "leaving", 1)
    report(fresh, "leaving", 1, leaving=True)
    start = time.monotonic()
    fresh.deploy("m", definition(1), wait=True)
    assert time.monotonic() - start > 0.3
    with watching(fresh, worker="stranger") as watcher:
        watcher.next()
        report(fresh, "stranger", 1_000_000, epoch="another store")
        start = time.monotonic()
        fresh.deploy("n", definition(2), wait=True)
    assert time.monotonic() - start > 0.3  # it was waited for until it was forgotten


def test_a_worker_without_a_name(server: Server):
    with fails("INVALID_ARGUMENT", "worker: the name is empty"):
        report(server, "", 1)
