"""Uploading and fetching objects: pieces, order, limits, interruptions, damage."""

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import values_pb2, worker_pb2
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, pieces
from tests.control_plane.store.suite import blob


def fetch(server: Server, *digests: Digest) -> dict[Digest, bytes]:
    request = worker_pb2.FetchObjectsRequest(digests=map(wire.digest_to_proto, digests))
    objects: dict[Digest, bytearray] = {}
    for piece in server.worker.FetchObjects(request, timeout=SECONDS):
        data = objects.setdefault(wire.digest_from_proto(piece.digest), bytearray())
        assert piece.offset == len(data)
        assert len(piece.data) <= 1 << 20
        data += piece.data
    return {digest: bytes(data) for digest, data in objects.items()}


def incoming(server: Server) -> list[Path]:
    return list((server.data_dir / "objects" / "incoming").iterdir())


def piece(data: bytes, digest: Digest | None = None, offset: int = 0) -> pb.UploadObjectsRequest:
    return pb.UploadObjectsRequest(digest=wire.digest_to_proto(digest or Digest.of(data)), offset=offset, data=data)


def test_upload_and_fetch(server: Server):
    blobs = [blob(size, seed=1) for size in (0, 1, 1 << 20, (1 << 20) + 1, 5 << 20)]
    digests = [Digest.of(data) for data in blobs]
    assert server.missing([*digests, *digests]) == digests
    stored = server.upload(blobs)
    assert (stored.stored_objects, stored.stored_bytes) == (5, sum(map(len, blobs)))
    assert server.missing(digests) == []
    assert fetch(server, *digests) == dict(zip(digests, blobs, strict=True))


def test_uploading_again_succeeds_and_stores_nothing(server: Server):
    data = blob(100_000, seed=2)
    assert server.upload([data]).stored_objects == 1
    assert server.upload([data]).stored_objects == 0


def test_an_empty_upload(server: Server):
    assert server.upload([]).stored_objects == 0


def test_the_lease_is_reported(server: Server):
    assert server.control.FindMissingObjects(pb.FindMissingObjectsRequest()).lease_seconds == 3600


A, B = blob(3000, seed=3), blob(3000, seed=4)
BAD_STREAMS = {
    "other bytes": ([piece(B, Digest.of(A))], "INVALID_ARGUMENT", f"the bytes hash to sha256:{Digest.of(B).hex}"),
    "a gap": (
        [piece(A[:10], Digest.of(A)), piece(A[20:], Digest.of(A), 20)],
        "INVALID_ARGUMENT",
        "at 10, got .* at 20",
    ),
    "no beginning": ([piece(A[10:], Digest.of(A), 10)], "INVALID_ARGUMENT", "at 0, got the one at 10"),
    "mixed": ([piece(A[:10], Digest.of(A)), piece(B)], "INVALID_ARGUMENT", "10 bytes arrived, then a piece of sha256"),
    "too many bytes": ([piece(A + b"x", Digest.of(A))], "INVALID_ARGUMENT", "3001 bytes arrived, 3000 expected"),
    "an early end": ([piece(A[:10], Digest.of(A))], "INVALID_ARGUMENT", "the stream ended after 10 bytes of it"),
    "an empty piece": ([piece(b"", Digest.of(A))], "INVALID_ARGUMENT", "an empty piece at 0"),
    "a long piece": ([piece(blob(2 << 20))], "INVALID_ARGUMENT", "a piece of 2097152 bytes; send at most 1048576"),
    "no digest": ([pb.UploadObjectsRequest(data=b"x")], "INVALID_ARGUMENT", "expected sha256:<64 hex digits>/<size>"),
    "too large": (
        [piece(b"x", Digest("0" * 64, 1 << 40))],
        "RESOURCE_EXHAUSTED",
        "at most 8589934592 bytes are accepted",
    ),
}


@pytest.mark.parametrize("case", BAD_STREAMS)
def test_streams_that_are_rejected(server: Server, case: str):
    stream, code, message = BAD_STREAMS[case]
    with fails(code, message):
        server.control.UploadObjects(iter(stream), timeout=SECONDS)
    assert server.missing([Digest.of(A)]) == [Digest.of(A)]
    assert incoming(server) == []


def test_objects_before_a_bad_one_are_stored(server: Server):
    good = blob(5000, seed=5)
    with fails("INVALID_ARGUMENT", "the bytes hash to"):
        server.control.UploadObjects(iter([piece(good), piece(B, Digest.of(A))]), timeout=SECONDS)
    assert server.missing([Digest.of(good)]) == []


def test_an_interrupted_upload_leaves_nothing(server: Server):
    data = blob(3 << 20, seed=6)

    def interrupted() -> Iterator[pb.UploadObjectsRequest]:
        parts = pieces([data])
        yield next(parts)
        yield next(parts)
        time.sleep(0.1)
        call.cancel()
        yield next(parts)

    call = server.control.UploadObjects.future(interrupted())
    with pytest.raises((grpc.RpcError, grpc.FutureCancelledError)):
        call.result(SECONDS)
    deadline = time.monotonic() + 10
    while incoming(server):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.missing([Digest.of(data)]) == [Digest.of(data)]


BAD_DIGESTS = {
    "empty": values_pb2.Digest(),
    "short": values_pb2.Digest(hex="abc", size=1),
    "upper case": values_pb2.Digest(hex="A" * 64, size=1),
    "not hex": values_pb2.Digest(hex="g" * 64, size=1),
    "a path": values_pb2.Digest(hex="../" * 21 + "a", size=1),
    "negative": values_pb2.Digest(hex="a" * 64, size=-1),
}


@pytest.mark.parametrize("case", BAD_DIGESTS)
def test_invalid_digests(server: Server, case: str):
    with fails("INVALID_ARGUMENT", "digest 'sha256:"):
        server.control.FindMissingObjects(pb.FindMissingObjectsRequest(digests=[BAD_DIGESTS[case]]))
    with fails("INVALID_ARGUMENT", "digest 'sha256:"):
        list(server.worker.FetchObjects(worker_pb2.FetchObjectsRequest(digests=[BAD_DIGESTS[case]])))


def test_querying_an_object_that_would_be_rejected(server: Server):
    with fails("RESOURCE_EXHAUSTED", "at most 8589934592 bytes are accepted"):
        server.missing([Digest("0" * 64, 1 << 40)])


def test_querying_too_many_objects_at_once(server: Server):
    with fails("RESOURCE_EXHAUSTED", "50001 digests; send at most 50000 per call"):
        server.missing([Digest("0" * 64, 1)] * 50_001)


def test_fetching_a_missing_object(server: Server):
    with fails("NOT_FOUND", f"object {Digest.of(b'absent')} is not in the store"):
        fetch(server, Digest.of(b"absent"))


def test_fetching_a_damaged_object_is_data_loss_until_it_is_uploaded_again(server: Server):
    data = blob(200_000, seed=7)
    server.upload([data])
    path = server.data_dir / "objects" / Digest.of(data).hex[:2] / f"{Digest.of(data).hex}-200000"
    path.unlink()
    path.write_bytes(data[:-1] + b"?")
    for _ in range(2):
        with fails("DATA_LOSS", "is damaged in the store; upload it again"):
            fetch(server, Digest.of(data))
    assert server.missing([Digest.of(data)]) == [Digest.of(data)]
    server.upload([data])
    assert fetch(server, Digest.of(data)) == {Digest.of(data): data}


def test_a_message_over_the_limit(tmp_path: Path):
    with control_plane(tmp_path / "data", max_message_bytes=2 << 20) as small:
        with fails("RESOURCE_EXHAUSTED", "larger than max"):
            small.control.UploadObjects(iter([piece(blob(3 << 20))]), timeout=SECONDS)
        assert small.upload([blob(3 << 20)]).stored_objects == 1


def test_querying_an_object_keeps_it_and_others_are_collected(tmp_path: Path):
    asked, left = blob(2000, seed=8), blob(2000, seed=9)
    with control_plane(tmp_path / "data", lease_seconds=0.5, collect_seconds=0.05) as eager:
        eager.upload([asked, left])
        path = eager.data_dir / "objects" / Digest.of(left).hex[:2] / f"{Digest.of(left).hex}-2000"
        deadline = time.monotonic() + 10
        while path.exists():
            assert eager.missing([Digest.of(asked)]) == []
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert eager.missing([Digest.of(asked)]) == []
