"""Bounds of what one peer can cost: open and idle uploads, leases, forged reports, and the log of refused calls."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.leases import Leases
from pretzel.errors import ExhaustedError
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition
from tests.control_plane.store.suite import blob


def digests(count: int, start: int = 0) -> list[Digest]:
    return [Digest(f"{number:064x}", 1000) for number in range(start, start + count)]


class HalfUpload:
    """An upload that announces 8 GiB, sends the first bytes of them, and then nothing."""

    def __init__(self, server: Server, number: int = 0) -> None:
        self._open, self.ended = threading.Event(), threading.Event()
        self._digest = wire.digest_to_proto(Digest(f"{number:064x}", 8 << 30))
        self.call = server.control.UploadObjects.future(self._pieces(), timeout=SECONDS)
        self.call.add_done_callback(lambda _: self.ended.set())

    def _pieces(self) -> Iterator[pb.UploadObjectsRequest]:
        yield pb.UploadObjectsRequest(digest=self._digest, data=b"x")
        self._open.wait(SECONDS)

    def close(self) -> None:
        self._open.set()
        self.call.cancel()


@contextmanager
def half_uploads(server: Server, count: int) -> Iterator[list[HalfUpload]]:
    uploads = [HalfUpload(server, number) for number in range(count)]
    try:
        yield uploads
    finally:
        for upload in uploads:
            upload.close()


def files(server: Server) -> int:
    return len(list((server.data_dir / "objects" / "incoming").iterdir()))


def until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_open_uploads_of_one_host_are_bounded_and_the_others_are_told_when_to_retry(tmp_path: Path):
    with control_plane(tmp_path / "data", most_uploads=6) as server, half_uploads(server, 10) as uploads:
        until(lambda: files(server) == 3 and sum(upload.ended.is_set() for upload in uploads) == 7)
        refused = next(upload.call for upload in uploads if upload.ended.is_set())
        assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "3 uploads of ipv4:127.0.0.1 are open already; retry in a moment" in refused.details()
        assert "grpc-status-details-bin" in dict(refused.trailing_metadata())  # with the time to wait
        for upload in uploads:
            upload.close()
        until(lambda: files(server) == 0)
        assert server.upload([blob(1000)]).stored_objects == 1


def test_an_idle_upload_ends_and_leaves_nothing(tmp_path: Path):
    with control_plane(tmp_path / "data", upload_idle_seconds=0.3) as server, half_uploads(server, 1) as (upload,):
        assert upload.ended.wait(SECONDS)
        assert upload.call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "upload: the client sent less than 16 KiB/s for 0.3 s" in upload.call.details()
        until(lambda: files(server) == 0)


def test_a_slow_upload_ends_and_a_steady_one_does_not(tmp_path: Path):
    data = blob(40_000)

    def sent(piece: int, pause: float) -> Iterator[pb.UploadObjectsRequest]:
        for at in range(0, len(data), piece):
            time.sleep(pause)
            part = data[at : at + piece]
            yield pb.UploadObjectsRequest(digest=wire.digest_to_proto(Digest.of(data)), offset=at, data=part)

    with control_plane(tmp_path / "data", upload_idle_seconds=0.5) as server:
        with fails("DEADLINE_EXCEEDED", "sent less than 16 KiB/s for 0.5 s"):  # though no pause is that long
            server.control.UploadObjects(sent(100, 0.05), timeout=SECONDS)
        assert server.control.UploadObjects(sent(10_000, 0.2), timeout=SECONDS).stored_objects == 1


def test_uploaded_bytes_without_a_deployment_are_bounded(tmp_path: Path):
    with control_plane(tmp_path / "data", most_leased_bytes=20_000) as server:
        assert server.upload([blob(6000, 1)]).stored_objects == 1
        with fails(
            "RESOURCE_EXHAUSTED", "ipv4:127.0.0.1 would have uploaded 12000 bytes without a deployment, at most"
        ):
            server.upload([blob(6000, 2)])
        assert server.upload([blob(6000, 1)]).stored_objects == 0  # stored already, and counted once
        with fails("INVALID_ARGUMENT", "the bytes hash to"):
            digest = wire.digest_to_proto(Digest.of(blob(4000, 3)))
            server.control.UploadObjects(iter([pb.UploadObjectsRequest(digest=digest, data=blob(4000, 4))]))
        assert server.upload([blob(4000, 5)]).stored_objects == 1  # a failed upload is not counted


def test_a_deployment_makes_room_for_further_uploads(tmp_path: Path):
    with control_plane(tmp_path / "data", most_leased_bytes=20_000) as server:
        for seed in range(6):  # 3,200 bytes of weights each
            assert server.deploy("m", definition(seed)).version == seed + 1


def test_leases_of_one_host_are_bounded_until_they_expire(tmp_path: Path):
    with control_plane(tmp_path / "data", most_leases=200, lease_seconds=1.5) as server:
        assert len(server.missing(digests(100))) == 100
        assert len(server.missing(digests(100))) == 100  # the same ones cost nothing
        with fails(
            "RESOURCE_EXHAUSTED", "1 objects: ipv4:127.0.0.1 would have 101 objects without a deployment, at most"
        ):
            server.missing(digests(1, 1000))
        until(lambda: len(missing_or_none(server, digests(100, 2000))) == 100)


def missing_or_none(server: Server, asked: list[Digest]) -> list[Digest]:
    try:
        return server.missing(asked)
    except grpc.RpcError:
        time.sleep(0.2)
        return []


def test_leases_of_a_previous_run_count(tmp_path: Path):
    first = Catalog(tmp_path / "catalog.sqlite", leases=Leases(200, 1000))
    first.lease(digests(100), 60, "ipv4:10.0.0.1:5000")
    first.close()
    again = Catalog(tmp_path / "catalog.sqlite", leases=Leases(200, 1000))
    with pytest.raises(ExhaustedError, match="ipv4:10.0.0.1 would have 101 objects"):
        again.lease(digests(1, 1000), 60, "ipv4:10.0.0.1:6000")  # another connection of the host
    again.lease(digests(1, 1000), 60, "ipv4:10.0.0.2:6000")
    again.close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_plane(tmp_path_factory.mktemp("plane") / "data", wait_seconds=60, report_seconds=10) as running:
        yield running


def test_forged_reports_do_not_delay_a_deployment(fresh: Server):
    """A deployment waits for workers that watch the catalog, and not for others that report."""
    for number in range(3):
        request = worker_pb2.ReportRequest(worker=f"forged{number}", epoch="x", problems=["none"])
        fresh.worker.Report(request, timeout=SECONDS)
    fresh.send(definition(1))
    start = time.monotonic()
    fresh.steps("m", definition(1), wait=True)
    assert time.monotonic() - start < 40  # reports count for fifty seconds


def test_the_name_of_a_watcher_has_a_bound(fresh: Server):
    with fails("INVALID_ARGUMENT", "its name has 201 characters; expected at most 200"):
        next(iter(fresh.worker.Watch(worker_pb2.WatchRequest(worker="x" * 201), timeout=SECONDS)))


def test_requests_have_a_bound_that_is_checked_before_they_are_parsed(fresh: Server):
    report = worker_pb2.ReportRequest(worker="w", problems=["p" * 1000] * 17_000)
    with fails("INVALID_ARGUMENT", "bytes; Report takes at most 16,777,216; send less at a time"):
        fresh.worker.Report(report, timeout=SECONDS)
    with fails("INVALID_ARGUMENT", "bytes; DescribeVersion takes at most 8,388,608"):
        fresh.control.DescribeVersion(pb.DescribeVersionRequest(model="m" * (9 << 20)), timeout=SECONDS)


@pytest.mark.parametrize("field", ["prefix", "page_token"])
def test_texts_of_a_listing_have_a_bound(fresh: Server, field: str):
    with fails("INVALID_ARGUMENT", f"{field.replace('_', ' ')}: 201 characters; names of models have at most 200"):
        fresh.control.ListModels(pb.ListModelsRequest(**{field: "x" * 201}), timeout=SECONDS)


def test_refused_calls_are_logged_within_a_rate_and_the_others_counted(fresh: Server):
    def ask() -> None:
        with fails("NOT_FOUND", "model 'absent' is not deployed"):
            fresh.control.DescribeVersion(pb.DescribeVersionRequest(model="absent"), timeout=SECONDS)

    for _ in range(300):
        ask()
    lines = [line for line in fresh.log.read_text().splitlines() if "'absent' is not deployed" in line]
    assert 20 <= len(lines) < 100
    until(lambda: ask() or '"suppressed"' in fresh.log.read_text())


def test_a_server_without_descriptors_answers_unavailable_and_recovers(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        server.deploy("m", definition(1))
        soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, hard))
        with fails("UNAVAILABLE", "cannot be written now .Too many open files.; upload it again"):
            server.upload([blob(5000, 1)])
        with fails("UNAVAILABLE", "Too many open files"):
            server.control.DescribeVersion(pb.DescribeVersionRequest(model="m"), timeout=SECONDS)
        with fails("UNAVAILABLE", "epoch: .*Too many open files.*; retry in a moment"):
            server.control.CollectGarbage(pb.CollectGarbageRequest(), timeout=SECONDS)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert server.upload([blob(5000, 1)]).stored_objects == 1
        server.control.CollectGarbage(pb.CollectGarbageRequest(), timeout=SECONDS)


def test_connections_beyond_the_limit_are_closed_on_arrival(tmp_path: Path):
    """Half of 100 descriptors are for connections, so that those of the server's own work are never taken."""
    with control_plane(tmp_path / "data", descriptors=100) as server, ExitStack() as opened:
        assert server.deploy("m", definition(1)).version == 1
        for _ in range(60):
            address = ("127.0.0.1", server.ready["port"])
            opened.enter_context(socket.create_connection(address, SECONDS))
        with fresh_channel(server) as channel, fails("UNAVAILABLE", ""):
            HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS)
        assert server.deploy("m", definition(2)).version == 2
        opened.close()
        until(lambda: is_serving(server))


def fresh_channel(server: Server) -> grpc.Channel:
    return grpc.insecure_channel(server.ready["address"], [("grpc.use_local_subchannel_pool", 1)])


def is_serving(server: Server) -> bool:
    with fresh_channel(server) as channel:
        try:
            return HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS).status == 1
        except grpc.RpcError:
            time.sleep(0.05)
            return False
