"""Reports of workers: what they hold back is shown, and their content is bounded."""

import queue
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pretzel.control_plane.serve import live
from pretzel.errors import ExhaustedError
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition
from tests.control_plane.serve.test_workers import watching


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_plane(Path(tmp_path_factory.mktemp("store")) / "data", report_seconds=60) as running:
        yield running


@pytest.mark.parametrize("field", ["worker", "address", "kernel_set", "epoch"])
def test_names_in_a_report_have_a_bound(fresh: Server, field: str):
    request = worker_pb2.ReportRequest(**{"worker": "w"} | {field: "x" * 201})
    with fails("INVALID_ARGUMENT", "has 201 characters; expected at most 200"):
        fresh.worker.Report(request, timeout=SECONDS)


def test_long_reasons_are_cut(fresh: Server):
    fresh.deploy("m", definition(1))
    held = [worker_pb2.HeldModel(model="m", reason="r" * 50_000)]
    fresh.worker.Report(worker_pb2.ReportRequest(worker="w", held=held, problems=["p" * 50_000]), timeout=SECONDS)
    (item,) = fresh.control.ListModels(pb.ListModelsRequest(), timeout=SECONDS).held
    assert item.reason == "r" * 1000


def test_the_number_of_models_and_problems_in_a_report_has_a_bound(fresh: Server):
    held = [worker_pb2.HeldModel(model=f"m{number:05d}", reason="r") for number in range(10_001)]
    request = worker_pb2.ReportRequest(worker="many", held=held, problems=["p"] * 1000)
    fresh.worker.Report(request, timeout=SECONDS)
    listed = fresh.control.ListModels(pb.ListModelsRequest(prefix="m"), timeout=SECONDS).held
    assert len(listed) == 10_000
    fresh.worker.Report(worker_pb2.ReportRequest(worker="many", leaving=True), timeout=SECONDS)


async def test_the_text_of_all_reports_has_a_bound(monkeypatch):
    monkeypatch.setattr(live, "MOST_TEXT", 1000)
    table = live.LiveWorkers(60.0)
    for _ in range(2):  # a new report replaces the last one
        table.report(live.Worker("w0", "e", 1, "1", "", 0, problems=("p" * 900,)))
    with pytest.raises(ExhaustedError, match="worker w1: a report of 200 characters, where 900 of others are kept"):
        table.report(live.Worker("w1", "e", 1, "1", "", 0, held={"m" * 100: "r" * 100}))
    table.report(live.Worker("w1", "e", 1, "1", "", 0))


async def test_the_number_of_workers_has_a_bound(monkeypatch):
    monkeypatch.setattr(live, "MOST_WORKERS", 3)
    table = live.LiveWorkers(60.0)
    for number in range(3):
        table.report(live.Worker(f"w{number}", "e", 1, "1", "", 0))
    with pytest.raises(ExhaustedError, match="3 workers report already"):
        table.report(live.Worker("w3", "e", 1, "1", "", 0))
    table.report(live.Worker("w2", "e", 2, "1", "", 0))  # known ones are heard
    table.report(live.Worker("w0", "e", 1, "1", "", 0), leaving=True)
    table.report(live.Worker("w3", "e", 1, "1", "", 0))


def say_held(
    server: Server,
    worker: str,
    revision: int,
    held: dict[str, str],
    problems: tuple[str, ...] = (),
    epoch: str = "",
) -> None:
    request = worker_pb2.ReportRequest(
        worker=worker,
        epoch=epoch or server.ready["epoch"],
        revision=revision,
        held=[worker_pb2.HeldModel(model=model, reason=reason) for model, reason in held.items()],
        problems=problems,
    )
    server.worker.Report(request, timeout=SECONDS)


@pytest.mark.parametrize("follows", [True, False])
def test_a_worker_that_reports_that_it_holds_the_model_back(tmp_path: Path, follows: bool):
    """It may report the revision or stay behind: the deployment does not wait for the timeout."""
    with control_plane(tmp_path / "data", report_seconds=0.2, wait_seconds=60) as server:
        stop, watched, reason = threading.Event(), threading.Event(), "no space left on the device for object sha256:3f"

        def report_on() -> None:
            revision = 1
            with watching(server, worker="full") as watcher:
                watcher.next()
                watched.set()
                while not stop.wait(0.1):
                    try:
                        revision = watcher._messages.get_nowait().revision
                    except queue.Empty:
                        pass
                    say_held(server, "full", revision if follows else 1, {"m": reason} if revision > 1 else {})

        thread = threading.Thread(target=report_on)
        say_held(server, "full", 1, {})
        thread.start()
        server.send(definition(1))
        watched.wait(SECONDS)
        start = time.monotonic()
        with fails(
            "FAILED_PRECONDITION", rf"published as revision \d+, but 1 workers do not serve model 'm'.*full: {reason}"
        ):
            server.steps("m", definition(1), wait=True)
        assert time.monotonic() - start < 50
        listed = server.control.ListModels(pb.ListModelsRequest())
        assert [(h.model, h.worker, h.reason) for h in listed.held] == [("m", "full", reason)]
        assert [model.name for model in listed.models] == ["m"]  # published nevertheless
        if follows:
            server.send(definition(2))  # of another model, which it does serve
            assert server.steps("other", definition(2), wait=True)[-1].version == 1
        stop.set()
        thread.join()


@pytest.mark.long
def test_held_models_and_problems_show_in_health_and_metrics(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        health = health_pb2_grpc.HealthStub(server.channel)
        request = health_pb2.HealthCheckRequest(service="pretzel.workers")

        def settles(status: int) -> None:
            deadline = time.monotonic() + 20
            while health.Check(request, timeout=SECONDS).status != status:
                assert time.monotonic() < deadline
                time.sleep(0.05)

        settles(health_pb2.HealthCheckResponse.SERVING)
        say_held(server, "w", 1, {"m": "full"})
        settles(health_pb2.HealthCheckResponse.NOT_SERVING)
        url = f"http://127.0.0.1:{server.ready['metrics_port']}/metrics"
        assert "pretzel_control_workers_held_models 1.0" in urllib.request.urlopen(url, timeout=10).read().decode()
        say_held(server, "w", 1, {})
        settles(health_pb2.HealthCheckResponse.SERVING)
        say_held(server, "w", 1, {}, ("its disk is full",))
        settles(health_pb2.HealthCheckResponse.NOT_SERVING)


def test_a_worker_that_holds_the_whole_catalog(tmp_path: Path):
    with control_plane(tmp_path / "data", report_seconds=10, wait_seconds=60) as server:
        say_held(server, "w", 9, {}, ("the control plane's store is of epoch new",), epoch="old")
        server.send(definition(1))
        start = time.monotonic()
        with (
            watching(server) as watcher,
            fails("FAILED_PRECONDITION", "do not serve model 'm' as of it yet: w: the control plane's store is of"),
        ):
            watcher.next()
            server.steps("m", definition(1), wait=True)
        assert time.monotonic() - start < 40
