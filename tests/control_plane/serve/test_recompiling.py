"""Control planes with other kernels than the one before: what is recompiled, compared, and refused."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.fsck import check_directory
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import overview_pb2, overview_pb2_grpc
from tests.control_plane.serve.running import WIDTH, Server, arrays, control_plane, definition, sample
from tests.control_plane.serve.test_workers import watching
from tests.helpers.recompiling import FAILURE, going_wrong

NEWER = "2"


def scaled(seed: int) -> pb.Sample:
    """A sample with a wrong answer that agrees only at the scale of its last rows."""
    scale, weights = arrays(seed)
    x = np.random.default_rng(6).normal(size=(100, WIDTH))
    x[60:] *= 1e6
    scores = (x * scale) @ weights + 0.5
    labels = ["yes" if score > 0 else "no" for score in scores]
    scores[2] += 1
    outputs = {"decision_function": scores, "predict": labels}
    return pb.Sample(inputs=wire.columns_to_proto({"x": x}), outputs=wire.columns_to_proto(outputs))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of the former kernels: samples of 20, 200, 30 and 100 rows, and none."""
    data_dir = tmp_path_factory.mktemp("recompiling") / "data"
    with control_plane(data_dir, kernel_set="1", keep_sample_rows=50) as server:
        server.deploy("a", definition(1), sample=sample(1))
        server.deploy("large", definition(2), sample=sample(2, rows=200))
        server.deploy("lost", definition(3), sample=sample(3, rows=30))
        server.deploy("scaled", definition(7), sample=scaled(7), tolerance=pb.Tolerance(relative=1e-6, absolute=1e-5))
        server.deploy("unverified", definition(4))
    return data_dir


@pytest.fixture(scope="module")
def damaged(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy without the sample of `lost`."""
    data_dir = tmp_path_factory.mktemp("damaged") / "data"
    shutil.copytree(before, data_dir)
    lost = kept(data_dir)["lost"]
    (path,) = (data_dir / "objects").rglob(f"*{lost.hex[4:]}*")
    path.unlink()
    return data_dir


@pytest.fixture(scope="module")
def upgraded(damaged: Path) -> Iterator[Server]:
    """A control plane of newer kernels over it."""
    with control_plane(damaged, kernel_set=NEWER) as server:
        yield server


def plans(server: Server, kernel_set: str) -> dict[str, Digest]:
    """The plans that a worker of some kernels gets."""
    with watching(server, kernel_set=kernel_set) as watcher:
        return {model.name: wire.digest_from_proto(model.versions[0].plan) for model in watcher.next().models}


def state(server: Server, name: str) -> dict[str, str]:
    described = server.control.DescribeVersion(pb.DescribeVersionRequest(model=name)).description
    return dict(wire.description_from_proto(described).version.metadata.get("recompiled", {}))


def metric(server: Server, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.ready['metrics_port']}/metrics", timeout=10) as page:
        (value,) = re.findall(rf"^pretzel_control_{name} (\S+)$", page.read().decode(), re.MULTILINE)
    return float(value)


def failures(server: Server, name: str) -> list[str]:
    request = overview_pb2.ListFailedVerificationsRequest(model=name)
    listed = overview_pb2_grpc.OverviewServiceStub(server.channel).ListFailedVerifications(request)
    return [failure.problem for failure in listed.failures]


def kept(data_dir: Path) -> dict[str, Digest]:
    """The samples by the model of the version."""
    catalog = Catalog(data_dir / "catalog.sqlite")
    try:
        return {model: digest for (model, _), digest in catalog.samples.all().items()}
    finally:
        catalog.close()


def test_a_lost_sample_is_found_and_forgotten(damaged: Path, tmp_path: Path):
    shutil.copytree(damaged, tmp_path / "data")
    (finding,) = check_directory(tmp_path / "data")
    assert finding.path == "lost@1" and "an upgrade cannot compare its answers" in finding.problem
    (repair,) = check_directory(tmp_path / "data", repair=True)
    assert repair.repaired and repair.remedy.startswith("forgotten")
    assert list(check_directory(tmp_path / "data")) == [] and kept(tmp_path / "data").keys() == {"a", "large"}


def test_answers_are_compared_on_the_samples_that_are_kept(upgraded: Server):
    new = plans(upgraded, NEWER)
    assert new.keys() == {"a", "large", "lost", "scaled", "unverified"}
    assert not {*new.values()} & {*plans(upgraded, "1").values()}
    assert state(upgraded, "a") == {NEWER: "compared on 20 rows"}
    assert state(upgraded, "large") == {NEWER: "compared on 50 rows"}
    assert state(upgraded, "lost") == {NEWER: "not compared: its sample is lost"}
    for name in ("scaled", "unverified"):
        assert state(upgraded, name) == {NEWER: "not compared: no sample was kept with the version"}
    assert metric(upgraded, "recompiled_versions_total") == 5 and metric(upgraded, "compared_versions_total") == 2
    assert metric(upgraded, "recompilations_failed") == 0
    assert upgraded.deploy("a", definition(1), sample=sample(1)).version == 1, "its plan is known"


def test_what_is_deployed_meanwhile_has_a_plan_for_the_newer_kernels_only(upgraded: Server):
    plans(upgraded, NEWER)
    assert upgraded.deploy("a", definition(5), sample=sample(5)).version == 2
    with watching(upgraded, kernel_set="1") as old, watching(upgraded, kernel_set=NEWER) as new:
        former, newer = (
            [wire.digest_from_proto(version.plan) for version in model.versions]
            for watcher in (old, new)
            for model in watcher.next().models
            if model.name == "a"
        )
    assert former[0] != newer[0] and former[1] == newer[1], "an old worker serves version 1, and holds this one back"
    assert state(upgraded, "a@2") == {}


def test_versions_that_fail_or_whose_answers_differ_are_not_served_by_newer_workers(before: Path, tmp_path: Path):
    shutil.copytree(before, tmp_path / "data")
    with control_plane(tmp_path / "data", kernel_set=NEWER, program=going_wrong(fails=1, perturbs=2)) as server:
        new, old = plans(server, NEWER), plans(server, "1")
        withheld = [name for name in new if new[name] == old[name]]
        assert withheld == ["a", "large"], "a worker of the newer kernels holds their plans back by name"
        ((_, text),) = state(server, "a").items()
        assert text.startswith("not served: ") and FAILURE in text
        ((_, text),) = state(server, "large").items()
        differs = r"its answers differ from those of its deployment: output 'decision_function', row \d+: "
        number = r"-?[\d.e-]+"
        assert re.match(rf"not served: {differs}expected {number}, got {number}; they differ by", text), text
        assert [metric(server, f"recompilations_{what}") for what in ("failed", "left")] == [2, 0]
        (failure,) = failures(server, "large")
        assert failure.startswith("version 1 cannot be recompiled for kernels 2: its answers differ")
    assert list(check_directory(tmp_path / "data")) == []
    had = {*kept(tmp_path / "data").values()}
    with control_plane(tmp_path / "data", kernel_set=NEWER, keep_sample_rows=0) as repaired:
        now = plans(repaired, NEWER)
        assert not {*now.values()} & {*old.values()}, "they are tried again at the next start"
        repaired.deploy("b", definition(6), sample=sample(6))
        repaired.control.CollectGarbage(pb.CollectGarbageRequest())
        assert set(repaired.missing(had)) == had, "the setting keeps none"
    assert kept(tmp_path / "data") == {}
