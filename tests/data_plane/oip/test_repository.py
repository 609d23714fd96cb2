"""The repository: models are listed, brought into memory and released; they come from the control plane."""

from __future__ import annotations

import time
from pathlib import Path

import grpc
import pytest

from pretzel.data_plane.cache.layout import key_of
from pretzel.inference import service_pb2 as pb
from tests.data_plane.models import regression
from tests.data_plane.oip.conftest import Inferring, refusal
from tests.data_plane.oip.trained import ROWS, definitions

Code = grpc.StatusCode
Parameter = pb.ModelRepositoryParameter


async def load(serving: Inferring, name: str, **parameters: Parameter) -> None:
    await serving.oip.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name=name, parameters=parameters))


async def unload(serving: Inferring, name: str, **parameters: Parameter) -> None:
    await serving.oip.RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name=name, parameters=parameters))


async def test_the_index(serving: Inferring):
    await serving.deploy("wine", definitions()["frame"])
    plan = serving.models["text"].versions[0].plan
    serving.plans.bar({key_of(plan): time.monotonic() + 1000})
    models = (await serving.oip.RepositoryIndex(pb.RepositoryIndexRequest())).models
    assert {(m.name, m.version) for m in models} == {(name, "1") for name in definitions()} | {("wine", "2")}
    assert {m.name for m in models if m.state != "READY"} == {"text"}
    assert "barred" in next(m.reason for m in models if m.name == "text")
    assert not (await serving.oip.ModelReady(pb.ModelReadyRequest(name="text"))).ready
    ready = (await serving.oip.RepositoryIndex(pb.RepositoryIndexRequest(ready=True))).models
    assert {m.name for m in ready} == {*definitions()} - {"text"}


async def test_loading_and_unloading(serving: Inferring):
    plan = serving.models["wine"].versions[0].plan
    await load(serving, "wine")
    assert plan in serving.plans.resident
    await serving.infer("wine", X=ROWS)
    await unload(serving, "wine", unload_dependents=Parameter(bool_param=False))
    assert plan not in serving.plans.resident
    await unload(serving, "wine")  # again
    assert (await serving.infer("wine", "predict", X=ROWS))["predict"].shape == (len(ROWS), 1)  # loads it again


async def test_a_loaded_model_leaves_last(serving: Inferring):
    for i, name in enumerate("abc"):
        await serving.deploy(name, regression(4, shared=10 * i, own=i))
    entries = {name: serving.plans.entry(serving.models[name].versions[0].plan) for name in "abc"}

    async def resident_after(*names: str) -> set[str]:
        for name in names:
            await serving.plans.load(entries[name])
        return {name for name, entry in entries.items() if entry.executable is not None}

    await load(serving, "a:stable")
    assert await resident_after("b") == {"a", "b"}
    plan = serving.plans.bytes // 2
    serving.plans._budget = serving.plans.bytes + plan // 2  # the routes that the calls below find take some
    assert await resident_after("c") == {"a", "c"}
    assert await resident_after("b") == {"a", "b"}
    await unload(serving, "a")
    assert await resident_after("a", "b", "c") == {"b", "c"}
    await load(serving, "c")
    serving.plans._budget = serving.plans.bytes // 2 + 100
    assert await resident_after("a") == {"a"}  # a kept model takes no room that another needs


async def test_no_room(serving: Inferring):
    serving.plans._budget = 1
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await load(serving, "wine")
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED


async def test_a_pinned_model_is_not_unloaded(serving: Inferring):
    serving.router._pinned = ["wine"]
    await serving.router.apply(serving.catalog())
    assert "`pin`" in await refusal(unload(serving, "wine"), Code.FAILED_PRECONDITION)
    await serving.infer("wine", X=ROWS)


@pytest.mark.parametrize("change", [load, unload])
async def test_unknown_models(serving: Inferring, change):
    assert "'wein' is not found" in await refusal(change(serving, "wein"), Code.NOT_FOUND)
    assert "no alias 'blue'" in await refusal(change(serving, "wine:blue"), Code.NOT_FOUND)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("config", {"string_param": "{}"}, Code.FAILED_PRECONDITION),
        ("file:1/model.onnx", {"bytes_param": b"x"}, Code.FAILED_PRECONDITION),
        ("config", {"bool_param": True}, Code.INVALID_ARGUMENT),
        ("file:1/model.onnx", {"string_param": "x"}, Code.INVALID_ARGUMENT),
        ("colour", {"string_param": "red"}, Code.INVALID_ARGUMENT),
        ("unload_dependents", {"bool_param": True}, Code.INVALID_ARGUMENT),
    ],
)
async def test_parameters_of_loading(serving: Inferring, name: str, value: dict, code: grpc.StatusCode):
    await refusal(load(serving, "wine", **{name: Parameter(**value)}), code)


async def test_parameters_of_unloading(serving: Inferring):
    await refusal(unload(serving, "wine", config=Parameter(string_param="")), Code.INVALID_ARGUMENT)
    await refusal(unload(serving, "wine", unload_dependents=Parameter(int64_param=1)), Code.INVALID_ARGUMENT)


async def test_there_is_one_repository(serving: Inferring, tmp_path: Path):
    for method in "Index", "ModelLoad", "ModelUnload":
        message = getattr(pb, f"Repository{method}Request")(repository_name=str(tmp_path))
        await refusal(getattr(serving.oip, f"Repository{method}")(message), Code.UNIMPLEMENTED)
