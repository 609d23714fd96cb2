"""The limits of identities and their use at a real control plane: by the SDK, by pages, and by `pretzel quota`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import grpc
import pytest

from pretzel import AsyncControlPlane, ControlPlane
from pretzel.cli import main
from pretzel.client.quota import LimitUse, Quota
from pretzel.control_plane.catalog.charges import Space
from pretzel.control_plane.serve.quotas import Deployed
from pretzel.plan.digest import Digest
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.limits import Limits
from pretzel.v1 import quota_pb2 as pb
from tests.control_plane.serve.running import control_plane, definition, pieces
from tests.identity.servers import SECONDS, Identities

ROLES: dict[str, dict[str, object]] = {
    "team": {"deploy": ["*"], "limits.models": 5, "limits.bytes": 10**6, "limits.deployments_per_minute": 0.001},
    "caller": {"predict": ["*"], "limits.calls_per_second": 2.5, "limits.models": "none"},
    "nothing": {},
    "root": {"administer": ["*"]},
}


def test_everyone_sees_their_own_and_administrators_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    identities = Identities(tmp_path, "[limits]\nmodels = 7", ROLES)
    waits = b"w" * 1000
    with control_plane(tmp_path / "data", identities=identities.path) as server:
        address, tokens = server.ready["address"], identities.tokens

        def seen(who: str) -> list[Quota]:
            with ControlPlane(address, token=tokens[who], timeout=SECONDS) as plane:
                return plane.quota()

        with ControlPlane(address, token=tokens["team"], timeout=SECONDS) as plane:
            plane.deploy("m", definition(0))
        (before,) = seen("team")
        assert before.limits["models"] == LimitUse(5, 1) and before.limits["versions"] == LimitUse(None, 1)
        assert before.limits["rows_per_second"] == LimitUse(None, None)
        per_minute = before.limits["deployments_per_minute"]
        assert per_minute.most == 0.001 and per_minute.used == pytest.approx(1, abs=0.01)
        server.control.UploadObjects(pieces([waits]), metadata=identities.fields("team"), timeout=SECONDS)
        (after,) = seen("team")
        more = Space(*(after.limits[name].used - before.limits[name].used for name in Space._fields))  # type: ignore[operator]
        assert more == Space(1, Digest.of(waits).size)
        everything = seen("root")
        assert [one.identity for one in everything] == ["caller", "nothing", "root", "team"]
        assert {**everything[3].limits, "deployments_per_minute": per_minute} == {
            **after.limits,
            "deployments_per_minute": per_minute,
        }
        assert seen("caller") == [everything[0]] and seen("nothing") == [everything[1]]
        assert everything[0].limits["calls_per_second"] == LimitUse(2.5, None)
        assert everything[0].limits["models"] == LimitUse(None, 0) and everything[1].limits["models"] == LimitUse(7, 0)
        assert [one.identity for one in asyncio.run(_async_quota(address, tokens["root"]))] == [
            one.identity for one in everything
        ]
        assert paged(server.channel, identities.fields("root")) == [["caller", "nothing", "root"], ["team"]]
        printed(capsys, address, str(identities.file_of("caller")))


async def _async_quota(address: str, token: str) -> list[Quota]:
    async with AsyncControlPlane(address, token=token, timeout=SECONDS) as plane:
        return await plane.quota()


def paged(channel: grpc.Channel, fields: list[tuple[str, str]]) -> list[list[str]]:
    """The names of each page of three."""
    ask = channel.unary_unary(
        "/pretzel.v1.QuotaService/ListQuotas", pb.ListQuotasRequest.SerializeToString, pb.ListQuotasResponse.FromString
    )
    pages, token = [], ""
    while True:
        answer = ask(pb.ListQuotasRequest(page_size=3, page_token=token), metadata=fields, timeout=SECONDS)
        pages.append([one.identity for one in answer.quotas])
        token = answer.next_page_token
        if not token:
            return pages


def printed(capsys: pytest.CaptureFixture[str], address: str, token: str) -> None:
    """Compare what the command prints for an identity with one limit."""
    capsys.readouterr()
    command = ["quota", "--control", address, "--token-file", token]
    assert main(command) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "caller" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["caller", "calls_per_second", "2.50", ""]
    assert main([*command, "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["identity"] == "caller" and one["limits"]["calls_per_second"] == {"most": 2.5, "used": None}


def test_without_identities_there_are_no_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with control_plane(tmp_path / "data") as server:
        assert main(["quota", "--control", server.ready["address"]]) == 6
    assert "this control plane has no identities, and so no limits" in capsys.readouterr().err


def test_the_use_of_a_minute_falls_with_time():
    now = 0.0
    deployed, team = Deployed(lambda: now), Caller("team", {}, limits=Limits(deployments_per_minute=6))
    for _ in range(3):
        deployed.charge(team)
    assert deployed.used("team", 6) == 3 and deployed.used("other", 6) == 0
    now = 15.0
    assert deployed.used("team", 6) == 1.5
    now = 60.0
    assert deployed.used("team", 6) == 0
