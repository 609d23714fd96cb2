"""Listing, describing, aliases, deletion, explanation over gRPC, and each of their errors."""

import pytest

from pretzel.plan import wire
from pretzel.plan.types import dense
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, WIDTH, Server, definition


def describe(server: Server, model: str) -> pb.DescribeVersionResponse:
    return server.control.DescribeVersion(pb.DescribeVersionRequest(model=model))


def test_describing_a_version(server: Server, name: str):
    version = server.deploy(name, definition(1))
    answer = describe(server, name)
    described = wire.description_from_proto(answer.description)
    assert described.version == version
    assert [(i.name, i.type) for i in described.inputs] == [("x", dense("f64", WIDTH))]
    assert [(o.name, o.type, o.labels) for o in described.outputs] == [
        ("decision_function", dense("f64"), None),
        ("predict", dense("i64"), ["no", "yes"]),
    ]
    assert described.aliases == {"stable": 1}
    assert wire.digest_from_proto(answer.plan.digest) == version.plan
    assert answer.plan.stages


def test_listing(server: Server, name: str):
    for part in ("b", "a", "c"):
        server.deploy(f"{name}/{part}", definition(1))
    listed = server.control.ListModels(pb.ListModelsRequest(prefix=f"{name}/")).models
    assert [model.name for model in listed] == [f"{name}/{part}" for part in "abc"]
    assert not server.control.ListModels(pb.ListModelsRequest(prefix="absent")).models


def test_listing_in_pages(server: Server, name: str):
    for part in ("b", "a", "c"):
        server.deploy(f"{name}/{part}", definition(1))
    request = pb.ListModelsRequest(prefix=f"{name}/", page_size=2)
    first = server.control.ListModels(request)
    second = server.control.ListModels(
        pb.ListModelsRequest(prefix=request.prefix, page_size=2, page_token=first.next_page_token)
    )
    assert [model.name for model in first.models] == [f"{name}/a", f"{name}/b"]
    assert ([model.name for model in second.models], second.next_page_token) == ([f"{name}/c"], "")


def test_a_model_keeps_ten_versions_without_an_alias(server: Server, name: str):
    for seed in range(11):
        server.deploy(name, definition(seed))
    server.send(definition(11))
    request = pb.DeployModelRequest(model=name, definition=wire.definition_to_proto(definition(11)), alias="stable")
    *_, last = server.control.DeployModel(request, timeout=SECONDS)
    assert (last.version.version, list(last.dropped)) == (12, [1])
    listed = server.control.ListModels(pb.ListModelsRequest(prefix=name)).models[0]
    assert [version.version for version in listed.versions] == list(range(2, 13))


def test_aliases(server: Server, name: str):
    server.deploy(name, definition(1))
    server.deploy(name, definition(2), alias="canary")
    assert describe(server, name).description.version.version == 1
    assert describe(server, f"{name}:canary").description.version.version == 2
    assert describe(server, f"{name}@2").description.version.version == 2
    model = server.control.SetAlias(pb.SetAliasRequest(model=name, alias="stable", version=2)).model
    assert dict(model.aliases) == {"stable": 2, "canary": 2}
    model = server.control.SetAlias(pb.SetAliasRequest(model=name, alias="canary")).model
    assert dict(model.aliases) == {"stable": 2}


def test_alias_errors(server: Server, name: str):
    server.deploy(name, definition(1))
    with fails("NOT_FOUND", "model 'absent' is not deployed"):
        server.control.SetAlias(pb.SetAliasRequest(model="absent", alias="stable", version=1))
    with fails("NOT_FOUND", "has no version 2; it has: 1"):
        server.control.SetAlias(pb.SetAliasRequest(model=name, alias="stable", version=2))
    with fails("NOT_FOUND", "has no version -1"):
        server.control.SetAlias(pb.SetAliasRequest(model=name, alias="stable", version=-1))
    with fails("NOT_FOUND", "has no alias 'blue'; it has: stable"):
        server.control.SetAlias(pb.SetAliasRequest(model=name, alias="blue"))
    with fails("INVALID_ARGUMENT", "alias ''"):
        server.control.SetAlias(pb.SetAliasRequest(model=name, version=1))


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("absent", "NOT_FOUND", "model 'absent' is not deployed"),
        ("absent@1", "NOT_FOUND", "model 'absent' is not deployed"),
        ("known@7", "NOT_FOUND", "model 'known' has no version 7; it has: 1"),
        ("known:blue", "NOT_FOUND", "model 'known' has no alias 'blue'; it has: stable"),
        ("known@x", "INVALID_ARGUMENT", "version 'x' is not a number"),
        ("", "INVALID_ARGUMENT", "model name ''"),
    ],
)
def test_names_of_missing_models(server: Server, model: str, code: str, message: str):
    server.deploy("known", definition(1))
    with fails(code, message):
        describe(server, model)
    with fails(code, message):
        server.control.ExplainModel(pb.ExplainModelRequest(model=model))
    with fails(code, message):
        server.control.DeleteModel(pb.DeleteModelRequest(model=model))


def test_deletion(server: Server, name: str):
    for seed in (1, 2):
        server.deploy(name, definition(seed))
    with fails("FAILED_PRECONDITION", "@2 is in use: stable -> 2; move the alias first, or delete with force"):
        server.control.DeleteModel(pb.DeleteModelRequest(model=f"{name}@2"))
    with fails("FAILED_PRECONDITION", "is in use: stable -> 2"):
        server.control.DeleteModel(pb.DeleteModelRequest(model=name))
    server.control.DeleteModel(pb.DeleteModelRequest(model=f"{name}@1"))
    server.control.DeleteModel(pb.DeleteModelRequest(model=name, force=True))
    with fails("NOT_FOUND", "is not deployed"):
        describe(server, name)
    assert server.deploy(name, definition(1)).version == 3


def test_explanation(server: Server, name: str):
    pytest.importorskip("pretzel.compiler.explain")
    server.deploy(name, definition(40))
    text = server.control.ExplainModel(pb.ExplainModelRequest(model=name)).text
    assert "linear" in text
    assert "1 other model" not in text
    server.deploy(f"{name}/sibling", definition(41))
    server.deploy(f"{name}/other_sibling", definition(41))
    for sibling in (f"{name}/sibling", f"{name}/other_sibling"):
        assert "1 other model" in server.control.ExplainModel(pb.ExplainModelRequest(model=sibling)).text
    with fails("INVALID_ARGUMENT", "haiku"):
        server.control.ExplainModel(pb.ExplainModelRequest(model=name, format="haiku"))
