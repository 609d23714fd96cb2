"""Bounds of what a worker's report may hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.control_plane.serve import live
from pretzel.errors import ExhaustedError
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_plane(Path(tmp_path_factory.mktemp("store")) / "data", report_seconds=60) as running:
        yield running


@pytest.mark.parametrize("field", ["worker", "address", "kernel_set"])
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
