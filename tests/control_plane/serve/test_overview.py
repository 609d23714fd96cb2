"""The overview over gRPC: what models share, related models, live workers, failed verifications."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pretzel
from pretzel.client.overview import Sharing
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, WIDTH, Server, control_plane, definition, sample

WEIGHTS = np.random.default_rng(0).normal(size=WIDTH)


def biased(bias: float) -> Definition:
    """A model whose weights all others have, too."""
    x = ops.Input("x", f"f64[{WIDTH}]")
    score = ops.Linear(x, Parameter.of(WEIGHTS), Parameter.of(np.array([bias])))
    return Definition({"decision_function": score}, (x,), {"estimator": "Biased"})


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A control plane with three models that share their weights, one of them in two versions."""
    with control_plane(Path(tmp_path_factory.mktemp("store")) / "data", report_seconds=60, deployments=1) as running:
        for name, seed in (("a", 1), ("b", 2), ("c", 3), ("c", 4)):
            running.deploy(name, biased(seed))
        yield running


@pytest.fixture(scope="module")
def plane(fresh: Server) -> Iterator[pretzel.ControlPlane]:
    with pretzel.ControlPlane(fresh.ready["address"], timeout=SECONDS) as client:
        yield client


def current(plane: pretzel.ControlPlane, most: int = 50) -> Sharing:
    """Return the sharing of the current revision: large catalogs are not measured at every change."""
    revision, end = plane.workers().revision, time.monotonic() + SECONDS
    while (sharing := plane.sharing(most)).revision < revision:
        assert time.monotonic() < end, f"not measured within {SECONDS} s"
        time.sleep(0.02)
    return sharing


def test_sharing_counts_each_model_once(plane: pretzel.ControlPlane):
    sharing = current(plane)
    assert (sharing.models, sharing.versions, sharing.shared_objects) == (3, 4, 1)
    newest = {model.name: model.versions[-1].parameter_bytes for model in plane.models()}
    assert sharing.separate_bytes == sum(newest.values())
    (weights,) = sharing.objects
    assert (weights.models, sorted(weights.examples)) == (3, ["a", "b", "c"])
    assert (weights.operator, weights.parameter) == ("linear", "weights")
    assert sharing.saved_bytes == weights.saved == 2 * weights.digest.size >= 2 * WEIGHTS.nbytes
    assert list(current(plane, 0).objects) == []


def test_a_name_means_its_stable_version_in_the_sums(fresh: Server, plane: pretzel.ControlPlane):
    plane.alias("c", "stable", 1)
    assert current(plane, 0).separate_bytes == sum(model.versions[0].parameter_bytes for model in plane.models())
    plane.alias("c", "stable", 2)


def test_related_models(plane: pretzel.ControlPlane):
    found, total = plane.related("c@1", 1)
    assert total == 2
    assert [(item.model, item.shared_bytes) for item in found] == [("a", current(plane).objects[0].digest.size)]
    with pytest.raises(pretzel.errors.NotFoundError, match="model 'absent' is not deployed"):
        plane.related("absent")


def test_live_workers(fresh: Server, plane: pretzel.ControlPlane):
    report = worker_pb2.ReportRequest(
        worker="w",
        address="10.0.0.1:8001",
        revision=3,
        resident_bytes=77,
        held=[worker_pb2.HeldModel(model="a", reason="r")],
        problems=["its disk is full"],
        metrics="http://10.0.0.1:8002/metrics",
    )
    fresh.worker.Report(report, timeout=SECONDS)
    fresh.worker.Report(worker_pb2.ReportRequest(worker="v", metrics="m" * 201), timeout=SECONDS)
    fleet = plane.workers()
    assert (fleet.total, [worker.name for worker in fleet.workers]) == (2, ["v", "w"])
    assert fleet.revision == current(plane).revision > 3
    first, second = fleet.workers
    assert first.metrics == ""
    assert (second.address, second.metrics) == ("10.0.0.1:8001", "http://10.0.0.1:8002/metrics")
    assert (second.revision, second.resident_bytes, second.held) == (3, 77, 1)
    assert list(second.problems) == ["its disk is full"]


def test_failed_verifications_are_kept(fresh: Server, plane: pretzel.ControlPlane):
    for name in ("wrong", "bad"):
        fresh.send(definition(9))
        with fails("FAILED_PRECONDITION", "row 2"):
            fresh.steps(name, definition(9), sample=sample(9, off=0.01))
    failures = plane.failures()
    assert [(failure.model, failure.estimator) for failure in failures] == [("bad", "Sign"), ("wrong", "Sign")]
    assert "output 'decision_function', row 2: expected" in failures[0].problem
    assert [failure.model for failure in plane.failures("wrong")] == ["wrong"]
    assert [failure.model for failure in plane.failures(most=1)] == ["bad"]
