"""Limits of objects and bytes at a real control plane: uploads, cut ones, the SDK, the command line, a changed file."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest

from pretzel import ControlPlane, errors
from pretzel.cli import main
from pretzel.plan import bundle, wire
from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.running import Server, control_plane, definition, pieces
from tests.control_plane.store.suite import blob
from tests.identity.servers import SECONDS, Identities

SIZE, MOST = 100_000, 350_000
ROLES: dict[str, dict[str, object]] = {
    "team": {"deploy": ["*"], "limits.bytes": MOST},
    "small": {"deploy": ["*"], "limits.bytes": 2000, "limits.objects": 50},
    "root": {"administer": ["*"]},
}


class Planes(NamedTuple):
    """A control plane, and who may call it."""

    identities: Identities
    server: Server

    def upload(self, who: str, sent: Iterator[pb.UploadObjectsRequest]) -> Any:
        return self.server.control.UploadObjects.future(sent, metadata=self.identities.fields(who), timeout=SECONDS)

    def missing(self, blobs: list[bytes]) -> int:
        request = pb.FindMissingObjectsRequest(digests=[wire.digest_to_proto(Digest.of(one)) for one in blobs])
        fields = self.identities.fields("root")
        return len(self.server.control.FindMissingObjects(request, metadata=fields, timeout=SECONDS).missing)


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planes]:
    folder = tmp_path_factory.mktemp("space")
    identities = Identities(folder, roles=ROLES)
    with control_plane(folder / "data", identities=identities.path) as server:
        yield Planes(identities, server)


def until(act: Callable[[], Any]) -> Any:
    """Repeat what a limit refuses, for a bounded time."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return act()
        except (errors.ExhaustedError, grpc.RpcError) as error:
            assert time.monotonic() < end, error


def half(planes: Planes, data: bytes) -> tuple[Any, queue.SimpleQueue[Any]]:
    """Begin an upload; return it when the server has its first piece, and the queue of the next ones."""
    sent: queue.SimpleQueue[Any] = queue.SimpleQueue()
    sent.put(pb.UploadObjectsRequest(digest=wire.digest_to_proto(Digest.of(data)), data=data[:1]))
    call = planes.upload("team", iter(sent.get, None))
    incoming = planes.server.data_dir / "objects" / "incoming"
    end = time.monotonic() + SECONDS
    while not any(incoming.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return call, sent


def test_uploads_together_stay_below_the_limit_and_a_cut_one_gives_back(planes: Planes):
    """A half upload leaves room for one of eight others; when it is cut, two more fit."""
    cut, blobs = blob(2 * SIZE, seed=100), [blob(SIZE, seed=number) for number in range(8)]
    call, _ = half(planes, cut)
    with ThreadPoolExecutor(8) as threads:
        ended = list(threads.map(lambda one: planes.upload("team", pieces([one])).exception(SECONDS), blobs))
    assert len([one for one in ended if one is None]) == 1
    said = r"identity 'team': 350,000 bytes are allowed, 0 are held, 300,000 wait for a deployment, 100,000 are new; "
    for error in filter(None, ended):
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and re.match(said, error.details())
    assert planes.missing(blobs) == 7
    call.cancel()
    for refused in [number for number, error in enumerate(ended) if error is not None][:2]:
        until(lambda refused=refused: planes.upload("team", pieces([blobs[refused]])).result(SECONDS))
    assert planes.missing(blobs) == 5
    assert planes.upload("team", pieces([cut])).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert planes.missing([cut]) == 1


def test_a_deployment_is_refused_before_its_upload(planes: Planes, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """By the SDK and the command line, in one line; a changed file admits it, and a deletion gives it back."""
    address, tokens, sent = planes.server.ready["address"], planes.identities.tokens, definition(0)
    file = bundle.save(tmp_path / "m.pretzel", sent) or tmp_path / "m.pretzel"
    needed = sum(digest.size for digest in sent.parameters)
    said = f"identity 'small': 2,000 bytes are allowed, 0 are held, 0 wait for a deployment, {needed:,} are new; delete"
    blobs = [bytes(parameter.blob) for parameter in sent.parameters.values()]
    with ControlPlane(address, token=tokens["small"], timeout=SECONDS) as small:
        with pytest.raises(errors.ExhaustedError, match=said):
            small.deploy("m", sent)
        token = str(planes.identities.file_of("small"))
        assert main(["deploy", "m", str(file), "--control", address, "--token-file", token]) == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert said in line and line.endswith("(bytes); ops@example.org sets this limit")
        assert planes.missing(blobs) == len(blobs)
        more = {**ROLES, "small": {"deploy": ["*"], "limits.bytes": 3 * needed}}
        planes.identities.write(more)
        until(lambda: small.deploy("m", sent))
        with pytest.raises(errors.ExhaustedError, match="bytes are allowed"):
            for seed in range(1, 9):
                small.deploy(f"m{seed}", definition(seed))
        with ControlPlane(address, token=tokens["root"], timeout=SECONDS) as root:
            assert [record.code for record in root.audit(who="small", outcome="failed")][0] == "RESOURCE_EXHAUSTED"
            for model in root.models():
                root.delete(model.name, force=True)
        small.deploy("again", definition(8))
