"""Metadata, configurations and readiness."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

import pretzel
from pretzel.inference import model_config_pb2 as config
from pretzel.inference import service_pb2 as pb
from pretzel.plan.types import NUMPY_DTYPES
from tests.data_plane.oip.conftest import Inferring, refusal
from tests.data_plane.oip.trained import WINE, definitions

Code = grpc.StatusCode


async def test_the_server(serving: Inferring):
    metadata = await serving.oip.ServerMetadata(pb.ServerMetadataRequest())
    assert (metadata.name, metadata.version) == ("pretzel", pretzel.__version__)
    assert "system_shared_memory" in metadata.extensions
    assert (await serving.oip.ServerReady(pb.ServerReadyRequest())).ready
    serving.service.streams.drain()
    assert not (await serving.oip.ServerReady(pb.ServerReadyRequest())).ready


async def test_extensions_without_shared_memory(tmp_path: Path):
    serving = Inferring(tmp_path, shared_memory=False)
    await serving.start("wine")
    metadata = await serving.oip.ServerMetadata(pb.ServerMetadataRequest())
    assert "system_shared_memory" not in metadata.extensions
    await serving.stop()


async def test_a_model_of_an_array(serving: Inferring):
    await serving.deploy("wine", definitions()["wine"])
    metadata = await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name="wine"))
    assert (metadata.name, list(metadata.versions), metadata.platform) == ("wine", ["1", "2"], "pretzel")
    assert [(i.name, i.datatype, list(i.shape)) for i in metadata.inputs] == [("X", "FP64", [-1, 13])]
    outputs = {output.name: (output.datatype, list(output.shape)) for output in metadata.outputs}
    assert outputs["predict"] == ("INT64", [-1, 1])
    assert outputs["predict_proba"] == ("FP64", [-1, 3])
    assert not serving.plans.resident  # metadata loads no parameters


async def test_a_model_of_a_table(serving: Inferring):
    metadata = await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name="frame", version="1"))
    assert [item.name for item in metadata.inputs] == list(WINE.data.columns)
    metadata = await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name="table:stable"))
    inputs = [(item.name, item.datatype, list(item.shape)) for item in metadata.inputs]
    assert inputs == [("size", "FP64", [-1, 1]), ("kind", "BYTES", [-1, 1]), ("note", "BYTES", [-1, 1])]
    assert metadata.outputs[0].datatype == "BOOL"


async def test_a_configuration_says_what_the_metadata_says(serving: Inferring):
    for name in definitions():
        metadata = await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name=name))
        got = (await serving.oip.ModelConfig(pb.ModelConfigRequest(name=name))).config
        assert (got.name, got.platform, got.backend) == (name, "pretzel", "pretzel")
        assert got.max_batch_size > 0 and not got.model_transaction_policy.decoupled
        for tensors, entries in (metadata.inputs, got.input), (metadata.outputs, got.output):
            assert [tensor.name for tensor in tensors] == [entry.name for entry in entries]
            for tensor, entry in zip(tensors, entries, strict=True):
                assert list(tensor.shape) == [-1, *entry.dims]
                number = config.DataType.Name(entry.data_type).removeprefix("TYPE_")
                assert tensor.datatype == ("BYTES" if number == "STRING" else number)


async def test_every_datatype_has_a_number(serving: Inferring):
    got = (await serving.oip.ModelConfig(pb.ModelConfigRequest(name="echo"))).config
    assert len({entry.data_type for entry in got.input}) == len(NUMPY_DTYPES) + 1


@pytest.mark.parametrize(
    ("name", "version", "ready"),
    [("wine", "", True), ("wine", "1", True), ("wine", "9", False), ("wein", "", False), ("wine:blue", "", False)],
)
async def test_ready_models(serving: Inferring, name: str, version: str, ready: bool):
    assert (await serving.oip.ModelReady(pb.ModelReadyRequest(name=name, version=version))).ready is ready


async def test_models_that_are_not_served_now(serving: Inferring):
    serving.router.held = {"late": "its kernels are too new"}
    assert not (await serving.oip.ModelReady(pb.ModelReadyRequest(name="late"))).ready
    index = await serving.oip.RepositoryIndex(pb.RepositoryIndexRequest())
    unready = [(entry.name, entry.state, entry.reason) for entry in index.models if entry.state != "READY"]
    assert unready == [("late", "UNAVAILABLE", "its kernels are too new")]
    ready = await serving.oip.RepositoryIndex(pb.RepositoryIndexRequest(ready=True))
    assert {entry.name for entry in ready.models} == {*definitions()}


@pytest.mark.parametrize("method", ["ModelMetadata", "ModelConfig", "ModelStatistics"])
async def test_unknown_models(serving: Inferring, method: str):
    call, message = getattr(serving.oip, method), getattr(pb, f"{method}Request")
    assert "'wein' is not found" in await refusal(call(message(name="wein")), Code.NOT_FOUND)
    assert "no version '3'" in await refusal(call(message(name="wine", version="3")), Code.NOT_FOUND)
    await refusal(call(message(name="wine", version="x")), Code.INVALID_ARGUMENT)
