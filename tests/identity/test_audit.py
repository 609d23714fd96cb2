"""The audit trail of a real control plane with identities: by RPC, by the SDK and by `pretzel audit`."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import grpc
import pytest

import pretzel
from pretzel import AsyncControlPlane, ControlPlane, errors
from pretzel.cli import main
from pretzel.client.audit import AuditRecord
from pretzel.plan import wire
from pretzel.v1 import audit_pb2 as pb
from pretzel.v1 import control_pb2
from tests.control_plane.serve.running import Server, control_plane, definition, sample
from tests.identity.calling import status
from tests.identity.servers import ROLES, SECONDS, Identities

SERVICE = "/pretzel.v1.ControlPlaneService"


class Guarded(NamedTuple):
    """A control plane, its identities, and the client of one who may do everything."""

    identities: Identities
    server: Server
    root: ControlPlane

    @property
    def address(self) -> str:
        return str(self.server.ready["address"])

    def client(self, who: str) -> ControlPlane:
        return ControlPlane(self.address, token=self.identities.tokens[who], timeout=SECONDS)

    def status(self, method: str, request: object, who: str | None) -> str:
        message = request.SerializeToString()  # type: ignore[attr-defined]
        with grpc.insecure_channel(self.address) as channel:
            return str(status(channel, f"{SERVICE}/{method}", message, self.identities.fields(who))[0].name)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("audit")
    identities = Identities(folder)
    with control_plane(folder / "data", identities=identities.path, keep_versions=1) as server:
        with ControlPlane(server.ready["address"], token=identities.tokens["root"], timeout=SECONDS) as root:
            yield Guarded(identities, server, root)


@pytest.fixture
def new(guarded: Guarded) -> Callable[[], list[AuditRecord]]:
    """A function that returns the records of the test, oldest first."""
    before = guarded.root.audit(most=1)
    start = before[0].id if before else 0
    return lambda: guarded.root.audit(after=start, most=10_000)[::-1]


def logged(guarded: Guarded, request_id: str) -> list[int]:
    """The numbers of the records of a request in the log."""
    lines = [json.loads(line) for line in guarded.server.log.read_text().splitlines() if '"audit"' in line]
    return [line["id"] for line in lines if line.get("request_id") == request_id]


T = TypeVar("T")


def until(found: Callable[[], T]) -> T:
    """Return the first value that is true, within a bounded time."""
    end = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def short(records: Sequence[AuditRecord]) -> list[tuple[object, ...]]:
    return [(one.identity, one.method, one.model, one.version, one.code) for one in records]


def test_every_change_names_its_caller(guarded: Guarded, new):
    with guarded.client("deploy") as plane, pretzel.request_id("release-7"):
        for seed in range(2):
            plane.deploy("a/x", definition(seed))
        plane.alias("a/x", "canary", 2)
        plane.label("a/x", {"team": "ads"})
        plane.delete_models("a/", owner="nobody")
        plane.delete_models("a/x", selector="team=ads", dry_run=True)
        plane.delete_models("a/x", selector="team=ads")
    guarded.root.collect_garbage(dry_run=True)
    records = new()
    assert short(records) == [
        ("deploy", "DeployModel", "a/x", 1, "OK"),
        ("deploy", "DeployModel", "a/x", 2, "OK"),
        ("deploy", "SetAlias", "a/x", 2, "OK"),
        ("deploy", "SetLabels", "a/x", 0, "OK"),
        ("deploy", "DeleteModels", "a/x", 0, "OK"),
    ]
    assert {one.request_id for one in records} == {"release-7"}
    assert all(one.peer.startswith("ipv4:127.0.0.1:") for one in records)
    assert (records[1].before["alias stable"], records[1].after["alias stable"]) == (1, 2)
    assert (records[2].before, records[2].after) == ({}, {"alias canary": 2})
    assert (records[3].before, records[3].after) == ({}, {"label team": "ads"})
    assert logged(guarded, "release-7") == [one.id for one in records]
    assert records[4].before.keys() == {"version 1", "version 2", "alias stable", "alias canary", "label team"}


def test_refused_changes(guarded: Guarded, new):
    alias = control_pb2.SetAliasRequest(model="a/none", alias="stable", version=1)
    assert guarded.status("SetAlias", alias, None) == "UNAUTHENTICATED"
    assert guarded.status("SetAlias", alias, "predict") == "PERMISSION_DENIED"
    other = control_pb2.SetAliasRequest(model="b/none", alias="stable", version=1)
    assert guarded.status("SetAlias", other, "deploy") == "PERMISSION_DENIED"
    assert guarded.status("SetAlias", alias, "deploy") == "NOT_FOUND"
    prefix = control_pb2.DeleteModelsRequest(prefix="b/")
    assert guarded.status("DeleteModels", prefix, "administer") == "PERMISSION_DENIED"
    assert guarded.status("CollectGarbage", control_pb2.CollectGarbageRequest(), "administer") == "PERMISSION_DENIED"
    assert guarded.status("DescribeVersion", control_pb2.DescribeVersionRequest(model="b/x"), "read") != "OK"
    records = new()
    assert short(records) == [
        ("anonymous", "SetAlias", "", 0, "UNAUTHENTICATED"),
        ("predict", "SetAlias", "", 0, "PERMISSION_DENIED"),
        ("deploy", "SetAlias", "b/none", 0, "PERMISSION_DENIED"),
        ("deploy", "SetAlias", "a/none", 0, "NOT_FOUND"),
        ("administer", "DeleteModels", "b/*", 0, "PERMISSION_DENIED"),
        ("administer", "CollectGarbage", "", 0, "PERMISSION_DENIED"),
    ]
    assert "identity 'predict' lacks the role deploy" in records[1].message


def test_a_deployment_that_its_verification_refuses(guarded: Guarded, new):
    server, fields = guarded.server, guarded.identities.fields("root")
    guarded.root.deploy("v", definition(3))
    request = control_pb2.DeployModelRequest(model="v", sample=sample(3, off=1.0))
    request.definition.CopyFrom(wire.definition_to_proto(definition(3)))
    with pytest.raises(grpc.RpcError):
        list(server.control.DeployModel(request, metadata=fields, timeout=SECONDS))
    refused = new()[-1]
    assert (refused.method, refused.model, refused.code) == ("DeployModel", "v", "FAILED_PRECONDITION")


def test_administrators_see_the_records_of_their_models(guarded: Guarded):
    guarded.root.deploy("b/y", definition(0))
    guarded.root.deploy("a/y", definition(0))
    with guarded.client("administer") as plane:
        seen = plane.audit(most=10_000)
    assert {one.model[:2] for one in seen} == {"a/"}
    assert "a/y" in {one.model for one in seen}
    for who in sorted(ROLES.keys() - {"administer", "root"}):
        with guarded.client(who) as plane, pytest.raises(errors.PermissionDeniedError, match="lacks the role admin"):
            plane.audit()


async def _async_audit(address: str, token: str) -> list[AuditRecord]:
    async with AsyncControlPlane(address, token=token, timeout=SECONDS) as plane:
        return await plane.audit("a/*", method="DeployModel", most=3)


def test_filters_and_pages(guarded: Guarded):
    everything = guarded.root.audit(most=10_000)
    assert [one.id for one in everything] == sorted((one.id for one in everything), reverse=True)
    assert guarded.root.audit(most=2) == everything[:2]
    assert guarded.root.audit("a/*", who="deploy", outcome="ok", most=10_000) == [
        one for one in everything if one.model.startswith("a/") and one.identity == "deploy" and one.code == "OK"
    ]
    found = asyncio.run(_async_audit(guarded.address, guarded.identities.tokens["root"]))
    assert found == [one for one in everything if one.method == "DeployModel" and one.model.startswith("a/")][:3]
    assert guarded.root.audit(until=everything[-1].at) == []
    method = guarded.server.channel.unary_unary("/pretzel.v1.AuditService/ListAudit")
    fields = guarded.identities.fields("root")
    for request in (pb.ListAuditRequest(page_token="x"), pb.ListAuditRequest(outcome="/")):
        with pytest.raises(grpc.RpcError) as caught:
            method(request.SerializeToString(), metadata=fields, timeout=SECONDS)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]


def test_a_change_of_the_identities(guarded: Guarded, new):
    changed = {name: dict(roles) for name, roles in ROLES.items()} | {"predict": {"predict": ["a/*", "c"]}}
    guarded.identities.write({name: roles for name, roles in changed.items() if name != "nothing"})
    found = until(lambda: [one for one in new() if one.method == "Identities"])
    assert (found[0].identity, found[0].before, found[0].after) == (
        "system",
        {"identity predict": "predict a/*", "identity nothing": "no role"},
        {"identity predict": "predict a/* c"},
    )
    guarded.identities.write(ROLES)
    until(lambda: [one for one in new() if one.method == "Identities"][1:])


def test_nothing_secret_is_recorded(guarded: Guarded):
    kept = b"".join(path.read_bytes() for path in guarded.server.data_dir.glob("catalog.sqlite*"))
    kept += guarded.server.log.read_bytes()
    for token in guarded.identities.tokens.values():
        assert token.encode() not in kept
        assert token[-40:].encode() not in kept


@pytest.fixture
def run(guarded: Guarded, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PRETZEL_CONTROL_PLANE", guarded.address)
    monkeypatch.setenv("PRETZEL_TOKEN_FILE", str(guarded.identities.file_of("root")))

    def command(*arguments: str) -> str:
        assert main(["audit", *arguments]) == 0
        return capsys.readouterr().out

    return command


def test_the_command(guarded: Guarded, run):
    with guarded.client("deploy") as plane:
        plane.deploy("a/cli", definition(1))
        plane.deploy("a/cli", definition(2), note="it is longer than a line of eighty columns, " * 3 + "is it not?")
        with pytest.raises(errors.NotFoundError):
            plane.alias("a/cli", "stable", 9)
    out = run("--model", "a/cli")
    assert max(map(len, out.splitlines())) <= 80
    assert "  deploy  DeployModel  a/cli@2\n" in out
    assert "\n  alias stable: 1 -> 2\n" in out
    assert "\n  NOT_FOUND: model 'a/cli' has no version 9" in out
    assert "\n  from ipv4:127.0.0.1:" in out
    assert run("--model", "a/cli", "--failed").count("NOT_FOUND") == 1
    assert run("--model", "a/cli", "--most", "1") == run("--model", "a/cli", "--failed")
    assert run("--model", "a/cli", "--who", "root") == ""
    assert run("--model", "a/cli", "--since", "1h", "--method", "DeployModel").count("DeployModel") == 2
    assert run("--model", "a/cli", "--until", "2020-01-01") == ""
    listed = json.loads(run("--model", "a/cli", "--json"))
    assert [(one["method"], one["version"]) for one in listed] == [
        ("DeployModel", 1),
        ("DeployModel", 2),
        ("SetAlias", 0),
    ]


def test_a_malformed_moment(guarded: Guarded, capsys: pytest.CaptureFixture[str]):
    assert main(["audit", "--since", "yesterday"]) == 2
    assert "'yesterday': expected a date such as 2026-12-01" in capsys.readouterr().err


def test_following(guarded: Guarded):
    guarded.root.deploy("b/follow", definition(1))
    command = [sys.executable, "-P", "-m", "pretzel.cli", "audit", "--model", "b/follow", "--follow", "--json"]
    environment = os.environ | {
        "PRETZEL_CONTROL_PLANE": guarded.address,
        "PRETZEL_TOKEN_FILE": str(guarded.identities.file_of("root")),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            assert json.loads(process.stdout.readline())["version"] == 1
            guarded.root.deploy("b/follow", definition(2))
            assert json.loads(process.stdout.readline())["version"] == 2
        finally:
            process.kill()


def test_the_trail_outlives_its_server(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        server.deploy("m", definition(0))
    with control_plane(tmp_path / "data", audit_records=1, collect_seconds=0.1) as server:
        with ControlPlane(server.ready["address"], timeout=SECONDS) as plane:
            plane.label("m", owner="ada")
            until(lambda: len(plane.audit()) == 1)
            assert [(one.id, one.identity, one.method) for one in plane.audit()] == [(2, "anonymous", "SetLabels")]
