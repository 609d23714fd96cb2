"""Splits of aliases, freezes and conditions by the clients and the commands, with real servers."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import pretzel
from pretzel.cli import main
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.traffic import SLOTS, shares_of
from tests.e2e.up import Up, started

X = np.random.default_rng(0).normal(size=(20, 3))
KEYS = [f"user-{i}" for i in range(40)]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Return a system with two worker processes, and two versions of `m`: the second answers one more."""
    with started(tmp_path_factory.mktemp("traffic"), "--workers=2", "--console=off") as running:
        with running.plane() as plane:
            for bias in (0.0, 1.0):
                plane.deploy("m", LinearRegression().fit(X, X @ [1.0, 2.0, 3.0] + bias), sample=X)
        yield running


@pytest.fixture
def plane(up: Up) -> Iterator[pretzel.ControlPlane]:
    with up.plane() as plane:
        plane.alias("m", "stable", 1)
        yield plane
        for freeze in plane.freezes():
            plane.unfreeze(freeze.pattern)
        plane.alias("m", "stable", 1)


@pytest.fixture
def cli(up: Up, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return a function that runs a command at 80 columns, and returns its exit code and what it printed."""
    monkeypatch.setenv("PRETZEL_CONTROL_PLANE", up.facts["control"])
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        if "--json" not in arguments:
            assert max(map(len, captured.out.splitlines()), default=0) <= 80, captured.out
        return code, captured.out, captured.err

    return run


def split(up: Up, plane: pretzel.ControlPlane, shares: dict[int, float]) -> None:
    """Split the calls, and return when all workers answer by it: the deployment of an equal model waits for them."""
    plane.traffic("m", shares)
    plane.deploy("other", LinearRegression().fit(X, X[:, 0]), alias=f"a{plane.model('m').edition}")


def versions(client: pretzel.Client) -> list[int]:
    """Return the version that answers each key: the second one answers one more."""
    found = []
    for key in KEYS:
        with pretzel.route_key(key):
            found.append(round(float(client.predict("m", X[:1])[0] - X[0] @ [1.0, 2.0, 3.0])) + 1)
    return found


def over_http(up: Up, key: str) -> int:
    body = json.dumps({"rows": [dict(enumerate(X[0].tolist()))]})
    url = f"{up.facts['http']}/v1/models/m:predict"
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json", "pretzel-route-key": key})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["version"])


def test_keys_keep_their_version_over_processes_and_protocols(up: Up, plane: pretzel.ControlPlane):
    split(up, plane, {1: 70, 2: 30})
    with up.client() as client, up.client() as other:
        before = versions(client)
        assert before == versions(other) == versions(client)
        assert {over_http(up, key) for key, version in zip(KEYS, before, strict=True) if version == 2} == {2}
        assert 4 <= Counter(before)[2] <= 20  # fixed keys
        split(up, plane, {1: 40, 2: 60})
        after = versions(client)
    assert after != before
    assert all(new == 2 for old, new in zip(before, after, strict=True) if old == 2)  # no key moved back


def test_the_clients_split_and_end_it(up: Up, plane: pretzel.ControlPlane):
    model = plane.traffic("m", {1: 99.75, 2: 0.25}, terms=pretzel.Terms(if_version=1))
    assert shares_of(model.traffic["stable"]) == {1: SLOTS - 25, 2: 25}
    assert plane.describe("m").traffic == model.traffic
    ended = asyncio.run(_asynchronous(up))
    assert (ended.aliases["stable"], ended.traffic) == (2, {})
    with pytest.raises(InputError, match=r"traffic: version 1 has a share of 99.745 %; expected two decimals"):
        plane.traffic("m", {1: 99.745, 2: 0.255})
    with pytest.raises(InputError, match="expected a version from 1, got 0"):
        plane.traffic("m", {0: 100})
    with pytest.raises(InputError, match="the shares are 90 % together; expected 100"):
        plane.traffic("m", {1: 90})
    with pytest.raises(NotFoundError, match="model 'm' has no version 9"):
        plane.traffic("m", {1: 50, 9: 50})


async def _asynchronous(up: Up) -> Any:
    async with pretzel.AsyncControlPlane(up.facts["control"], timeout=30) as plane:
        await plane.freeze("n*", reason="a test")
        assert [one.pattern for one in await plane.freezes()] == ["n*"]
        await plane.unfreeze("n*")
        return await plane.traffic("m", {2: 100})


def test_changes_have_conditions(plane: pretzel.ControlPlane):
    edition = plane.model("m").edition
    for change in (
        lambda terms: plane.alias("m", "stable", 2, terms=terms),
        lambda terms: plane.label("m", {"a": "b"}, terms=terms),
        lambda terms: plane.traffic("m", {1: 50, 2: 50}, terms=terms),
        lambda terms: plane.delete("m", force=True, terms=terms),
        lambda terms: plane.deploy("m", LinearRegression().fit(X, X[:, 1]), terms=terms),
    ):
        with pytest.raises(PreconditionError, match="alias 'stable' points to version 1, and the change expects vers"):
            change(pretzel.Terms(if_version=2))
        with pytest.raises(PreconditionError, match=f"model 'm' is at edition {edition}, and the change expects edit"):
            change(pretzel.Terms(if_edition=edition + 1))
    with pytest.raises(InputError, match="if_version: expected a number from 0, got -1"):
        plane.alias("m", "stable", 2, terms=pretzel.Terms(if_version=-1))
    assert plane.model("m").edition == edition
    plane.label("m", {"a": "b"}, terms=pretzel.Terms(1, edition))
    assert plane.model("m").edition == edition + 1


def test_the_command_traffic(cli: Callable[..., Any], plane: pretzel.ControlPlane):
    code, out, _ = cli("traffic", "m", "1=95", "2=5%", "--if-version", 1)
    assert (code, "m@1" in out, "95 %" in out, "5 %" in out) == (0, True, True, True)
    assert "stable -> 1 (95 %), 2 (5 %)" in cli("describe", "m")[1]
    assert "(95 %)" in cli("models", "m")[1]
    assert json.loads(cli("traffic", "m", "--json")[1])["traffic"] == {"stable": [[1, 9500], [2, 500]]}
    code, _, err = cli("traffic", "m", "2=100", "--if-version", 2)
    assert (code, "alias 'stable' points to version 1, and the change expects version 2" in err) == (6, True)
    assert cli("alias", "m", "stable", 2, "--if-edition", 1)[0] == 6
    assert cli("label", "m", "a=b", "--if-version", 2)[0] == 6
    assert cli("delete", "m", "--if-version", 2)[0] == 6
    for wrong in (["1"], ["1=x"], ["1=50", "1=50"]):
        assert cli("traffic", "m", *wrong)[0] == 2
    assert cli("traffic", "m", "--alias", "none")[0] == 4


def test_the_command_freeze(cli: Callable[..., Any], plane: pretzel.ControlPlane):
    assert cli("freeze")[1] == "no model is frozen\n"
    code, out, _ = cli("freeze", "m*", "--until", "2h", "--reason", "the fair")
    assert (code, "127.0.0.1" in out, "the fair" in out) == (0, True, True)
    code, _, err = cli("alias", "m", "stable", 2)
    assert code == 6 and "model 'm' is frozen by 127.0.0.1 on" in err and "UTC: the fair; wait" in err
    assert cli("alias", "m", "stable", 2, "--override-freeze")[0] == 0  # without identities, all may
    assert [one["pattern"] for one in json.loads(cli("freeze", "--json")[1])] == ["m*"]
    assert cli("unfreeze", "m*")[1] == "m* is not frozen any more\n"
    assert cli("unfreeze", "m*")[0] == 4
    assert cli("freeze", "m", "--until", "2020-01-01T00:00Z")[0] == 3
    assert cli("freeze", "m", "--until", "soon")[0] == cli("freeze", "--until", "2h")[0] == 2
