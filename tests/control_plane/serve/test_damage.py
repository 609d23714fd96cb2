"""Files that change under a running control plane: no wrong byte is sent, and derived objects are rebuilt."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import Plan
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample

SCRUB = "pretzel.store"


def path_of(server: Server, digest: Digest) -> Path:
    return server.data_dir / "objects" / digest.hex[:2] / f"{digest.hex}-{digest.size}"


def flip(path: Path) -> None:
    """Change a byte in place; maps of the file see it."""
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))


def truncate(path: Path) -> None:
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1)


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def make_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def make_pipe(path: Path) -> None:
    import os

    path.unlink()
    os.mkfifo(path)


DAMAGES = [flip, truncate, make_directory, make_loop, make_pipe, Path.unlink]
SOME_DAMAGES = [flip, Path.unlink, *(pytest.param(damage, marks=pytest.mark.long) for damage in DAMAGES[1:-1])]


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Server]:
    """A control plane without scrubbing."""
    with control_plane(tmp_path / "data", scrub_bytes_per_second=0) as running:
        yield running


def fetch(server: Server, digest: Digest) -> bytes:
    request = worker_pb2.FetchObjectsRequest(digests=[wire.digest_to_proto(digest)])
    return b"".join(piece.data for piece in server.worker.FetchObjects(request, timeout=SECONDS))


def derived(server: Server, version: ModelVersion, seed: int) -> list[Digest]:
    """The plan, and its objects that were not uploaded."""
    plan = Plan.from_encoded(fetch(server, version.plan))
    return [version.plan, *sorted(set(plan.objects) - set(definition(seed).parameters))]


def uploaded(server: Server, seed: int) -> Digest:
    return next(digest for digest in definition(seed).parameters if digest.size > 3000)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def metric(server: Server, name: str) -> float:
    url = f"http://127.0.0.1:{server.ready['metrics_port']}/metrics"
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


@pytest.mark.parametrize("damage", SOME_DAMAGES, ids=lambda damage: damage.__name__)
def test_a_derived_object_is_rebuilt_when_it_is_sent(quiet: Server, damage: Callable[[Path], None]):
    version = quiet.deploy("m", definition(1), sample=sample(1))
    digests = derived(quiet, version, 1)
    assert len(digests) > 1
    for digest in digests:
        damage(path_of(quiet, digest))
        assert Digest.of(fetch(quiet, digest)) == digest
        assert Digest.of(path_of(quiet, digest).read_bytes()) == digest
    assert metric(quiet, "pretzel_control_mended_objects_total") == len(digests)
    assert quiet.control.DescribeVersion(pb.DescribeVersionRequest(model="m")).description.version.version == 1


@pytest.mark.parametrize("damage", SOME_DAMAGES, ids=lambda damage: damage.__name__)
def test_a_deployment_stores_damaged_objects_again(quiet: Server, damage: Callable[[Path], None]):
    version = quiet.deploy("m", definition(1), sample=sample(1))
    digests = derived(quiet, version, 1)
    for digest in digests:
        damage(path_of(quiet, digest))
    assert quiet.deploy("m", definition(1), sample=sample(1)).version == 1
    for digest in digests:
        assert Digest.of(path_of(quiet, digest).read_bytes()) == digest


def test_a_damaged_parameter_is_never_compiled(quiet: Server):
    """Not even if its siblings were just deployed, and without a sample."""
    quiet.deploy("m", definition(1))
    weights = uploaded(quiet, 1)
    flip(path_of(quiet, weights))
    with fails("DATA_LOSS", f"object {weights} is damaged in the store; upload it again"):
        quiet.steps("other", definition(1))
    assert quiet.deploy("other", definition(1), sample=sample(1)).version == 1  # which uploads it again
    assert Digest.of(fetch(quiet, weights)) == weights


def test_the_message_names_the_versions_of_a_lost_object(quiet: Server):
    version = quiet.deploy("m", definition(1), sample=sample(1))
    weights = uploaded(quiet, 1)
    flip(path_of(quiet, weights))
    damaged = rf"object {weights} of model 'm' version 1 is damaged in the store; deploy the model again, or restore"
    for _ in range(2):
        with fails("DATA_LOSS", damaged):
            fetch(quiet, weights)
    with fails("DATA_LOSS", damaged):
        quiet.control.ExplainModel(pb.ExplainModelRequest(model="m"))
    path_of(quiet, version.plan).unlink()
    with fails("DATA_LOSS", rf"object {version.plan} of model 'm' version 1 is missing from the store; deploy"):
        fetch(quiet, version.plan)
    quiet.deploy("m", definition(1), sample=sample(1))
    assert Digest.of(fetch(quiet, version.plan)) == version.plan


def status(server: Server, service: str) -> str:
    try:
        request = health_pb2.HealthCheckRequest(service=service)
        answer = health_pb2_grpc.HealthStub(server.channel).Check(request, timeout=SECONDS)
    except grpc.RpcError as error:
        return error.code().name
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def test_the_scrubber_finds_rebuilds_and_reports(tmp_path: Path):
    with control_plane(tmp_path / "data", scrub_bytes_per_second=100 << 20) as server:
        version = server.deploy("m", definition(1), sample=sample(1))
        weights = uploaded(server, 1)
        until(lambda: metric(server, "pretzel_control_scrubbed_bytes_total") > weights.size)
        assert status(server, SCRUB) == "SERVING"
        flip(path_of(server, version.plan))
        until(lambda: metric(server, "pretzel_control_mended_objects_total") == 1)
        assert Digest.of(path_of(server, version.plan).read_bytes()) == version.plan
        flip(path_of(server, weights))
        until(lambda: metric(server, "pretzel_control_lost_objects") == 1)
        assert metric(server, "pretzel_control_damaged_objects_total") == 2
        until(lambda: status(server, SCRUB) == "NOT_SERVING")
        assert status(server, "") == "SERVING"
        server.deploy("m", definition(1), sample=sample(1))
        until(lambda: metric(server, "pretzel_control_lost_objects") == 0)
        until(lambda: status(server, SCRUB) == "SERVING")


def test_a_scrub_is_bounded(tmp_path: Path):
    """Objects count as at least 64 KiB: ten of them per second at this rate."""
    with control_plane(tmp_path / "data", scrub_bytes_per_second=640 << 10) as server:
        for seed in range(4):
            server.deploy(f"m{seed}", definition(seed))
        before, start = metric(server, "pretzel_control_scrubbed_bytes_total"), time.monotonic()
        until(lambda: metric(server, "pretzel_control_scrubbed_bytes_total") - before > 20_000)
        seconds = time.monotonic() - start
        assert (metric(server, "pretzel_control_scrubbed_bytes_total") - before) / seconds < 11 * 3300
