"""The process: health, reflection, metrics, ports, the data directory, TLS, and shutdown."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from prometheus_client.parser import text_string_to_metric_families

from pretzel.plan import wire
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, pieces, sample
from tests.control_plane.serve.test_workers import report, watching
from tests.control_plane.store.suite import blob

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def run(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {f"PRETZEL_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-P", "-m", "pretzel.control_plane", *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=SECONDS)


def scrape(server: Server) -> dict[str, float]:
    url = f"http://127.0.0.1:{server.ready['metrics_port']}/metrics"
    text = urllib.request.urlopen(url, timeout=SECONDS).read().decode()
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health(server: Server):
    stub = health_pb2_grpc.HealthStub(server.channel)
    for name in ("", "pretzel.v1.ControlPlaneService", "pretzel.v1.WorkerService"):
        assert stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=SECONDS).status == SERVING
    with fails("NOT_FOUND", ""):
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=SECONDS)


def test_reflection(server: Server):
    database = ProtoReflectionDescriptorDatabase(server.channel)
    assert {"pretzel.v1.ControlPlaneService", "pretzel.v1.WorkerService", "grpc.health.v1.Health"} <= set(
        database.get_services()
    )
    service = DescriptorPool(database).FindServiceByName("pretzel.v1.ControlPlaneService")
    assert "DeployModel" in [method.name for method in service.methods]


def test_metrics(server: Server, name: str):
    before = scrape(server)
    server.deploy(name, definition(7), sample=sample(7))
    with fails("NOT_FOUND", ""):
        server.control.DescribeVersion(pb.DescribeVersionRequest(model="nobody"))
    after = scrape(server)

    def rose(key: str, **labels: str) -> float:
        at = key + json.dumps(labels, sort_keys=True)
        return after[at] - before.get(at, 0.0)

    method = "/pretzel.v1.ControlPlaneService/"
    assert rose("pretzel_control_call_seconds_count", method=f"{method}DeployModel", code="OK") == 1
    assert rose("pretzel_control_call_seconds_count", method=f"{method}DescribeVersion", code="NOT_FOUND") == 1
    assert rose("pretzel_control_deployments_total", code="OK") == 1
    for step in ("read", "optimize", "compile", "verify", "publish"):
        assert rose("pretzel_control_deploy_step_seconds_count", step=step) == 1
    assert rose("pretzel_control_uploaded_objects_total") > 0
    assert rose("pretzel_control_uploaded_bytes_total") > 3000
    assert rose("pretzel_control_models") == 1
    assert rose("pretzel_control_revision") > 0


def test_it_exits_cleanly_and_leaves_no_process(tmp_path: Path):
    server = Server(tmp_path / "data")
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert children
    server.deploy("m", definition(1), sample=sample(1))
    with watching(server) as watcher:
        watcher.next()
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        with fails("UNAVAILABLE", "the control plane is stopping; watch again"):
            watcher.next()
    assert server.process.wait(SECONDS) == 0
    assert time.monotonic() - start < 9  # below the ten seconds that running calls may take
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    server.close()


def test_a_deployment_that_waits_for_workers_does_not_delay_the_shutdown(tmp_path: Path):
    """A stopping server sends no changes to workers, so the wait could not succeed."""
    with (
        control_plane(tmp_path / "data", report_seconds=30, wait_seconds=60) as server,
        watching(server, worker="slow") as watcher,
    ):
        watcher.next()
        report(server, "slow", 1)
        server.send(definition(1))
        request = {"model": "m", "definition": wire.definition_to_proto(definition(1)), "alias": "stable", "wait": True}
        steps = server.control.DeployModel(pb.DeployModelRequest(**request), timeout=SECONDS)
        while next(steps).progress != "wait":
            pass
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        with fails("UNAVAILABLE", r"published as revision \d+, but the control plane is stopping"):
            next(steps)
        assert server.process.wait(SECONDS) == 0
        assert time.monotonic() - start < 30  # it would wait for sixty


def test_a_running_call_may_finish_while_health_is_not_serving(tmp_path: Path):
    data = blob(3 << 20, seed=1)
    go = threading.Event()

    def slowly():
        parts = pieces([data])
        yield next(parts)
        started.set()
        assert go.wait(SECONDS)
        yield from parts

    with control_plane(tmp_path / "data") as server:
        started = threading.Event()
        health = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest())
        assert next(health).status == SERVING
        call = server.control.UploadObjects.future(slowly())
        assert started.wait(SECONDS)
        server.process.send_signal(signal.SIGTERM)
        assert next(health).status == NOT_SERVING
        go.set()
        assert call.result(SECONDS).stored_objects == 1
        assert server.process.wait(SECONDS) == 0


def test_a_call_that_never_ends_is_cancelled(tmp_path: Path):
    go = threading.Event()

    def stuck():
        yield next(pieces([blob(3 << 20)]))
        go.wait(SECONDS)

    with control_plane(tmp_path / "data", drain_seconds=0.5) as server:
        call = server.control.UploadObjects.future(stuck())
        time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS) == 0
        with pytest.raises((grpc.RpcError, grpc.FutureCancelledError)):
            call.result(SECONDS)
        go.set()
        assert not list((server.data_dir / "objects" / "incoming").iterdir())


def test_a_published_version_survives_an_immediate_kill(tmp_path: Path):
    server = Server(tmp_path / "data")
    version = server.deploy("m", definition(1), sample=sample(1))
    server.process.kill()
    server.process.wait()
    server.close()
    with control_plane(tmp_path / "data") as again:
        (model,) = again.control.ListModels(pb.ListModelsRequest()).models
        assert model.versions[0].plan.hex == version.plan.hex
        assert again.missing(definition(1).parameters) == []


def test_one_control_plane_owns_a_directory(server: Server):
    second = run(data_dir=server.data_dir, control_port=0, control_metrics_port=0)
    assert second.returncode == 1
    assert f"in use by another control plane (pid {server.process.pid})" in second.stderr


@pytest.mark.parametrize("setting", ["control_port", "control_metrics_port"])
def test_a_port_that_is_taken(tmp_path: Path, setting: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"control_port": 0, "control_metrics_port": 0, setting: taken.getsockname()[1]}
        failed = run(data_dir=tmp_path / "data", **settings)
    assert failed.returncode == 1
    assert f"choose another {setting}, 0 picks a free one" in failed.stderr
    assert failed.stdout == ""


def test_an_address_that_other_hosts_reach_is_rejected(tmp_path: Path):
    failed = run(data_dir=tmp_path / "data", host="0.0.0.0", control_port=0, control_metrics_port=0)
    assert failed.returncode == 1
    assert "host '0.0.0.0' is reachable from other hosts: give tls_cert and tls_key, or set insecure" in failed.stderr


def test_ipv6(tmp_path: Path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with control_plane(tmp_path / "data", host="::1") as server:
        assert server.ready["address"] == f"[::1]:{server.ready['port']}"
        assert server.upload([b"x"]).stored_objects == 1


def test_a_directory_that_cannot_be_created(tmp_path: Path):
    (tmp_path / "file").touch()
    failed = run(data_dir=tmp_path / "file" / "data", control_port=0, control_metrics_port=0)
    assert failed.returncode == 1
    assert failed.stderr.startswith("pretzel control-plane: ")
    assert "Traceback" not in failed.stderr
