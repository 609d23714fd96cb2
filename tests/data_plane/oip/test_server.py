"""The protocol as part of a server: health, reflection, metrics, and a worker in processes of its own."""

from __future__ import annotations

from pathlib import Path

import grpc
import numpy as np
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import NAME, GRPCInferenceServiceStub
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy, expected, regression
from tests.data_plane.oip.conftest import Inferring, refusal
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.oip.trained import ROWS
from tests.data_plane.worker import WorkerProcess


async def test_health(serving: Inferring):
    answer = await HealthStub(serving.channel).Check(health_pb2.HealthCheckRequest(service=NAME))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection(serving: Inferring):
    stub = ServerReflectionStub(serving.channel)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=NAME),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="pretzel.v1.PredictionService"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="inference/model_config.proto"),
        reflection_pb2.ServerReflectionRequest(all_extension_numbers_of_type="inference.ModelInferRequest"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="inference.Nothing"),
    ]
    names, *files, extensions, nothing = [answer async for answer in stub.ServerReflectionInfo(iter(asked))]
    assert NAME in {service.name for service in names.list_services_response.service}
    packages = []
    for answer in files:
        protos = map(FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto)
        packages.append({proto.package for proto in protos})
    assert packages == [{"inference"}, {"pretzel.v1", "google.protobuf"}, {"inference"}]  # with what they import
    assert not extensions.all_extension_numbers_response.extension_number
    assert nothing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_calls_and_errors_are_counted(serving: Inferring):
    await serving.infer("wine", X=ROWS)
    await serving.refused(request("wine", X=ROWS[:, :2]), grpc.StatusCode.INVALID_ARGUMENT)
    await refusal(serving.oip.ModelMetadata(pb.ModelMetadataRequest(name="wein")), grpc.StatusCode.NOT_FOUND)
    calls = {(method, model): rows for method, model, _, _, rows in serving.tally.snapshot()["calls"]}
    assert calls["ModelInfer", "wine"] == len(ROWS)
    assert dict(serving.tally.errors) == {
        ("ModelInfer", "wine", "INVALID_ARGUMENT"): 1,
        ("ModelMetadata", "other", "NOT_FOUND"): 1,
    }
    assert serving.guard.running == 0


async def test_a_worker(tmp_path: Path):
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "m", regression(3))
    worker = await WorkerProcess.start(tmp_path, control.address)
    try:
        stub = GRPCInferenceServiceStub(worker.channel)
        rows = np.arange(6.0).reshape(2, 3)
        answer = await stub.ModelInfer(request("m", "predict", x=rows), timeout=30, wait_for_ready=True)
        np.testing.assert_allclose(arrays(answer)["predict"].ravel(), expected(3, rows))
        assert (await stub.ServerReady(pb.ServerReadyRequest())).ready
        await deploy(control, "late", regression(3, bias=1.0))
        answer = await stub.ModelInfer(request("late", "predict", x=rows), timeout=30)
        np.testing.assert_allclose(arrays(answer)["predict"].ravel(), expected(3, rows, 1.0))
        assert await worker.stop() == 0
    finally:
        await worker.close()
        await control.stop()
