"""Labels, owners, notes and selections, by messages, by the clients and by the commands, with a real control plane."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import pretzel
from pretzel.cli import main
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import Server, control_plane, definition

X = np.random.default_rng(0).normal(size=(40, 3))
TEAMS = {"ads/de": "ads", "ads/fr": "ads", "feed/de": "feed", "none": None}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_plane(tmp_path_factory.mktemp("labels") / "data") as running:
        yield running


@pytest.fixture
def plane(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[pretzel.ControlPlane]:
    """Return a client of a control plane with four models; what a test adds is deleted after it."""
    monkeypatch.setenv("PRETZEL_CONTROL_PLANE", server.ready["address"])
    monkeypatch.setenv("COLUMNS", "80")
    with pretzel.ControlPlane(server.ready["address"], timeout=30) as client:
        for seed, (name, team) in enumerate(TEAMS.items()):
            server.deploy(name, definition(seed), labels={"team": team} if team else {})
        yield client
        for model in client.models():
            client.delete(model.name, force=True)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command at 80 columns, and returns its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        if "--json" not in arguments:
            assert max(map(len, captured.out.splitlines()), default=0) <= 80, captured.out
        return code, captured.out, captured.err

    return run


def listed(models: list[Any]) -> list[str]:
    return [model.name for model in models]


def test_clients_write_and_select(plane: pretzel.ControlPlane):
    model = plane.label("ads/de", {"tier": "gold", "absent": None}, owner="Ana", note="two\nlines")
    assert (model.labels, model.owner, model.note) == ({"team": "ads", "tier": "gold"}, "Ana", "two\nlines")
    assert plane.label("ads/de", {"tier": None}, note="").labels == {"team": "ads"}
    plane.label("feed/de:stable", {"run": "7"}, note="first")
    assert plane.model("feed/de").versions[0].labels == {"run": "7"}
    described = plane.describe("ads/de")
    assert (described.labels, described.owner, described.version.labels) == ({"team": "ads"}, "Ana", {})
    assert listed(plane.models(selector="team in (ads, x)")) == ["ads/de", "ads/fr"]
    assert listed(plane.models("ads/f", selector="team")) == ["ads/fr"]
    assert listed(plane.models(owner="Ana")) == ["ads/de"]
    assert listed(plane.models(search="FIRST")) == []
    assert listed(plane.models(search="FIRST", of_versions=True)) == ["feed/de"]


def test_the_asyncio_client_does_the_same(plane: pretzel.ControlPlane, server: Server):
    async def work() -> tuple[list[str], list[str]]:
        async with pretzel.AsyncControlPlane(server.ready["address"], timeout=30) as client:
            await client.label("none", {"team": "late"}, owner="Bo")
            found = await client.models(selector="team=late", owner="Bo")
            return listed(found), await client.delete_models(selector="team=late", expected=["none"])

    assert asyncio.run(work()) == (["none"], ["none"])
    assert listed(plane.models()) == ["ads/de", "ads/fr", "feed/de"]


@pytest.mark.parametrize(
    ("request_", "code", "problem"),
    [
        (pb.SetLabelsRequest(model="none"), "INVALID_ARGUMENT", "none: nothing to change; give a label"),
        (pb.SetLabelsRequest(model="none", set={"a b": "x"}), "INVALID_ARGUMENT", "label key 'a b': expected 1 to 63"),
        (pb.SetLabelsRequest(model="none", remove=["ü"]), "INVALID_ARGUMENT", "label key 'ü'"),
        (pb.SetLabelsRequest(model="none", owner="\x07"), "INVALID_ARGUMENT", r"owner '.x07': it has '.x07' at 0"),
        (pb.SetLabelsRequest(model="none", note="x" * 5000), "INVALID_ARGUMENT", "note: 5,000 characters; at most"),
        (pb.SetLabelsRequest(model="none@999", note="x"), "NOT_FOUND", "model .none. has no version 999; it has: "),
        (pb.SetLabelsRequest(model="gone", note="x"), "NOT_FOUND", "model 'gone' is not deployed"),
        (pb.SetLabelsRequest(model="", note="x"), "INVALID_ARGUMENT", "model name ''"),
    ],
)
def test_labels_that_are_refused(
    plane: pretzel.ControlPlane, server: Server, request_: pb.SetLabelsRequest, code: str, problem: str
):
    with fails(code, problem):
        server.control.SetLabels(request_)
    assert plane.model("none").labels == {}


def test_a_full_set_of_labels(plane: pretzel.ControlPlane):
    plane.label("none", {f"k{i}": "" for i in range(64)})
    with pytest.raises(PreconditionError, match="model 'none' would have 65 labels; at most 64"):
        plane.label("none", {"more": ""})
    with pytest.raises(InputError, match="label 'a': expected texts, got 7; write str"):
        plane.label("none", {"a": 7})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="label .*: expected Unicode text"):
        plane.label("none", {"a": "\ud800"})


def test_a_deployment_with_wrong_labels_is_refused_before_it_is_compiled(plane: pretzel.ControlPlane, server: Server):
    for more, problem in (
        ({"labels": {"a": "b c"}}, "label 'a': value 'b c': expected at most 63"),
        ({"version_labels": {"": "x"}}, "label key ''"),
        ({"owner": " x"}, "owner ' x': it begins or ends with white space"),
        ({"note": "\x00"}, "note"),
    ):
        with fails("INVALID_ARGUMENT", problem):
            server.steps("none", definition(9), **more)
    assert len(plane.model("none").versions) == 1


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        (pb.Selection(labels="a=,="), "selector 'a=,=': it is malformed at '='"),
        (pb.Selection(owner="\n"), "owner"),
        (pb.Selection(text="x" * 201), "search: 201 characters"),
    ],
)
def test_selections_that_are_refused(server: Server, selection: pb.Selection, problem: str):
    with fails("INVALID_ARGUMENT", problem):
        server.control.ListModels(pb.ListModelsRequest(selection=selection))
    with fails("INVALID_ARGUMENT", problem):
        server.control.DeleteModels(pb.DeleteModelsRequest(selection=selection))
    with fails("INVALID_ARGUMENT", "delete: the selection is empty"):
        server.control.DeleteModels(pb.DeleteModelsRequest(prefix="a"))
    with fails("INVALID_ARGUMENT", "prefix: 201 characters"):
        server.control.DeleteModels(pb.DeleteModelsRequest(prefix="a" * 201, selection=pb.Selection(labels="a")))


def test_a_selection_in_pages(plane: pretzel.ControlPlane, server: Server):
    seen, token = [], ""
    while True:
        request = pb.ListModelsRequest(selection=pb.Selection(labels="team"), page_size=1, page_token=token)
        answer = server.control.ListModels(request)
        seen.append([model.name for model in answer.models])
        if not (token := answer.next_page_token):
            break
    assert seen == [["ads/de"], ["ads/fr"], ["feed/de"]]


def test_deletion_needs_the_listed_models(plane: pretzel.ControlPlane):
    assert plane.delete_models(selector="team=ads", dry_run=True) == ["ads/de", "ads/fr"]
    with pytest.raises(PreconditionError, match=r"1 more are selected \(ads/fr\); list and confirm again"):
        plane.delete_models(selector="team=ads", expected=["ads/de"])
    assert plane.delete_models("ads/d", selector="team=ads") == ["ads/de"]
    with pytest.raises(NotFoundError):
        plane.model("ads/de")


def test_the_command_label(plane: pretzel.ControlPlane, cli: Callable[..., tuple[int, str, str]]):
    code, out, _ = cli("label", "ads/de", "tier=gold", "team-", "--owner", "Ana", "--note", "see the wiki")
    assert code == 0
    assert [line.split(maxsplit=1) for line in map(str.strip, out.splitlines())] == [
        ["model", "ads/de"],
        ["owner", "Ana"],
        ["labels", "tier=gold"],
        ["note", "see the wiki"],
    ]
    assert json.loads(cli("label", "ads/de:stable", "run=7", "--json")[1])["versions"][0]["labels"] == {"run": "7"}
    described = [" ".join(line.split()) for line in cli("describe", "ads/de")[1].splitlines()]
    assert {"owner Ana", "labels tier=gold", "version's labels run=7"} <= set(described)
    assert json.loads(cli("describe", "ads/de", "--json")[1])["owner"] == "Ana"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("label", "none"), "expected labels, --owner or --note"),
        (("label", "none", "team"), "label 'team': expected key=value"),
        (("label", "none", "a=1", "a=2"), "label: the key 'a' is given twice"),
        (("label", "none", "a=1", "a-"), "label 'a': it is both set and removed"),
        (("delete",), "expected a name, or a selection"),
        (("delete", "none", "-l", "team"), "expected a name, or a selection"),
        (("delete", "none", "--dry-run"), "--dry-run needs a selection"),
        (("delete", "-l", "team", "--json"), "--json asks nothing: add --yes or --dry-run"),
    ],
)
def test_wrong_command_lines(plane: pretzel.ControlPlane, cli: Any, arguments: tuple[str, ...], problem: str):
    code, _, err = cli(*arguments)
    assert code == 2 and problem in err
    assert len(plane.models()) == 4


def test_the_commands_select(plane: pretzel.ControlPlane, cli: Callable[..., tuple[int, str, str]]):
    plane.label("ads/fr", {}, owner="Ana", note="x" * 100)
    plane.label("ads/fr:stable", {"run": "7"})
    assert [model["name"] for model in json.loads(cli("models", "-l", "team=ads,!tier", "--json")[1])] == [
        "ads/de",
        "ads/fr",
    ]
    code, out, _ = cli("models", "--owner", "Ana", "--verbose")
    for text in ("ads/fr", "owner ", "Ana", "team=ads", "stable -> ", "labels  run=7", "not verified"):
        assert text in out
    assert "ads/de" not in out
    assert cli("models", "-l", "team=")[1].count("\n") == 4  # an empty table
    code, _, err = cli("models", "-l", "team==")
    assert code == 0
    code, _, err = cli("models", "-l", "=x")
    assert code == 3 and "selector '=x': it is malformed" in err


def test_deletion_shows_and_asks(plane: pretzel.ControlPlane, cli: Any, monkeypatch: pytest.MonkeyPatch):
    code, out, _ = cli("delete", "-l", "team=ads", "--dry-run")
    assert code == 0 and "ads/fr" in out and "2 models are selected; nothing is deleted" in out
    for answer, wanted in (("n\n", 1), ("", 1)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code, out, err = cli("delete", "-l", "team=ads")
        assert (code, out.splitlines()[-1]) == (wanted, "nothing is deleted")
        assert "Delete 2 models with all versions and aliases?" in err
    assert len(plane.models()) == 4
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert cli("delete", "-l", "team=ads")[1].splitlines()[-1] == "2 models are deleted"
    assert json.loads(cli("delete", "-l", "team", "--yes", "--json")[1]) == {"deleted": ["feed/de"]}
    assert cli("delete", "-l", "team", "--yes")[:2] == (0, "no model is selected; nothing is deleted\n")
    assert listed(plane.models()) == ["none"]


def test_the_command_deploy(plane: pretzel.ControlPlane, cli: Any, tmp_path: Path):
    joblib.dump(LogisticRegression().fit(X, X[:, 0] > 0), tmp_path / "m.joblib")
    written = ("--label", "team=new", "--owner", "Bo", "--note", "first run", "--version-label", "run=1", "--no-wait")
    assert cli("deploy", "fresh", tmp_path / "m.joblib", *written)[0] == 0
    model = plane.model("fresh")
    assert (model.labels, model.owner, model.versions[0].note) == ({"team": "new"}, "Bo", "first run")
    assert model.versions[0].labels == {"run": "1"}
    code, _, err = cli("deploy", "fresh", tmp_path / "m.joblib", "--label", "team")
    assert code == 2 and "--label 'team': expected key=value" in err


def test_a_manifest_with_labels(plane: pretzel.ControlPlane, cli: Any, tmp_path: Path):
    for name, c in (("x", 1.0), ("y", 2.0)):
        joblib.dump(LogisticRegression(C=c).fit(X, X[:, 0] > 0), tmp_path / f"{name}.joblib")
    path = tmp_path / "models.yaml"

    def applied(more: str, *options: str) -> dict[str, str]:
        path.write_text(
            f"defaults: {{owner: Ana, labels: {{team: ads, tier: gold}}}}\nmodels:\n"
            f"  - {{name: '{{stem}}', file: '*.joblib', labels: {{tier: '1'}}{more}}}\n"
        )
        outcomes = json.loads(cli("apply", "-f", path, "--no-wait", "--json", *options)[1])
        return {outcome["model"]: outcome["state"] for outcome in outcomes}

    assert applied("") == {"x": "new", "y": "new"}
    assert plane.model("x").labels == {"team": "ads", "tier": "1"}
    plane.label("x", {"own": "kept"})
    assert applied("") == {"x": "same", "y": "same"}
    plane.label("y", {"tier": "2"})
    assert applied("", "--dry-run") == {"x": "same", "y": "labels changed"}
    assert plane.model("y").labels["tier"] == "2"
    assert applied("") == {"x": "same", "y": "labels changed"}
    assert applied(", version_labels: {run: '7'}, note: retrained") == {"x": "labels changed", "y": "labels changed"}
    model = plane.model("x")
    assert (model.labels, model.owner) == ({"team": "ads", "tier": "1", "own": "kept"}, "Ana")
    assert (model.versions[0].labels, model.versions[0].note) == ({"run": "7"}, "retrained")
