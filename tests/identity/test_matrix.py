"""Each role against every method of both planes, on both fronts and over HTTP, with real servers."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.utils as triton_utils
from google.protobuf import message_factory

from pretzel import Client, ControlPlane, errors
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.control_plane.serve.running import WIDTH
from tests.identity.calling import about, fetched, status, until
from tests.identity.conftest import Running
from tests.identity.servers import ROLES, SECONDS
from tests.identity.test_table import services

PREDICT_ONE = "/pretzel.v1.PredictionService/Predict"
ANYONE = {None, *ROLES}
PREDICT, DEPLOY = {"predict", "administer", "root"}, {"deploy", "administer", "root"}
READ = DEPLOY | {"read"}
ALL, WORKER = {"root"}, {"worker"}
CHANGES = ("Start", "Pause", "Resume", "Abort", "Promote")
OF_PLANE = ("Audit", "ControlPlane", "Overview", "Placement", "Quota", "Rollout", "Schedule", "Worker")
PLANE = {f"{name}Service" for name in OF_PLANE}
CONTROL = {
    "FindMissingObjects": DEPLOY,
    "UploadObjects": DEPLOY,
    "DeployModel": DEPLOY,
    "ListModels": READ,
    **dict.fromkeys(("DescribeVersion", "DescribeShadow"), READ),
    "ExplainModel": READ,
    **dict.fromkeys(
        ("SetAlias", "DeleteModel", "SetLabels", "DeleteModels", "SetTraffic", "SetShadow", "SetHints"), DEPLOY
    ),
    **dict.fromkeys((f"{what}Rollout" for what in CHANGES), DEPLOY),
    **dict.fromkeys(("GetRollout", "ListRollouts", "FindWorkers", "ListSchedule"), READ),
    **dict.fromkeys(("ScheduleChange", "CancelScheduled"), DEPLOY),
    **dict.fromkeys(("Freeze", "Unfreeze", "ListFreezes"), ALL),
    "CollectGarbage": ALL,
    "CheckStore": ALL,
    "ListAudit": {"administer", "root"},
    "ListQuotas": {*ROLES},
    "MeasureSharing": ALL,
    "ListRelatedModels": READ,
    "ListWorkers": ALL,
    "ListFailedVerifications": READ,
    **dict.fromkeys(("Watch", "FetchObjects", "LocateObjects", "Report"), WORKER),
}
WORKERS = {
    **dict.fromkeys(("Predict", "PredictStream", "PredictMany", "DescribeModel"), PREDICT),
    **dict.fromkeys(("ServerLive", "ServerReady", "ServerMetadata"), ANYONE),
    **dict.fromkeys(("ModelReady", "ModelMetadata", "ModelConfig", "ModelInfer", "ModelStreamInfer"), PREDICT),
    **dict.fromkeys(("ModelStatistics", "RepositoryIndex"), READ),
    **dict.fromkeys(("RepositoryModelLoad", "RepositoryModelUnload"), DEPLOY),
    **{
        f"{kind}SharedMemory{what}": ALL for kind in ("System", "Cuda") for what in ("Status", "Register", "Unregister")
    },
    **dict.fromkeys(("TraceSetting", "LogSettings"), ALL),
    "StreamCoreMetrics": PREDICT,
}
OPEN = {"Check": ANYONE, "List": ANYONE, "ServerReflectionInfo": ANYONE}
IN_ANSWERS = {"PredictMany", "PredictStream", "ModelStreamInfer"}
"""Methods that have an error for each model or message, in an answer with the status OK."""
OF_NO_MODEL = {
    *("FindMissingObjects", "UploadObjects", "ListModels", "ListFailedVerifications", "RepositoryIndex"),
    "StreamCoreMetrics",
    *("ListAudit", "ListQuotas", "ListRollouts", "ScheduleChange", "CancelScheduled", "ListSchedule"),
}
"""Methods that need a role on some model."""
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def methods(expected: dict[str, set[Any]]) -> Iterator[tuple[str, Any, set[Any]]]:
    """The path, the type of the request and the permitted callers of each method."""
    for service in services():
        for method in service.methods:
            of_plane = service.name in PLANE
            if (
                method.name in expected
                and of_plane == (expected is CONTROL)
                and not method.full_name.startswith("grpc")
            ):
                kind = message_factory.GetMessageClass(method.input_type)
                yield f"/{service.full_name}/{method.name}", kind, expected[method.name]


def wrong(running: Running, address: str, expected: dict[str, set[Any]], model: str) -> list[str]:
    """Call every method as every caller; return those that are permitted or refused against the expectation."""
    found = []
    with grpc.insecure_channel(address) as channel:
        for path, kind, permitted in methods(expected):
            name = path.rpartition("/")[2]
            if (
                model.startswith("b/")
                and name not in OF_NO_MODEL
                and permitted is not ANYONE
                and permitted is not WORKER
            ):
                permitted = {"root"}
            for who in ANYONE:
                code, text = status(channel, path, about(kind, model), running.identities.fields(who))
                refused = code in REFUSED or (name in IN_ANSWERS and "lacks the role" in text)
                anonymous = code is grpc.StatusCode.UNAUTHENTICATED
                if refused == (who in permitted) or (
                    refused and not (anonymous == (who is None) and _explains(text, who))
                ):
                    found.append(f"{path} as {who} about {model}: {code} {text}")
    return found


def _explains(text: str, who: str | None) -> bool:
    if who is None:
        return text.startswith("no credential; send a token")
    return f"identity '{who}' lacks the role" in text and "ops@example.org grants it" in text


@pytest.mark.parametrize("model", ["a/none", "b/none"])
def test_the_control_plane(running: Running, model: str):
    assert not wrong(running, running.control_address, CONTROL, model)


@pytest.mark.parametrize("model", ["a/none", "b/none"])
@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_the_worker(running: Running, front: str, model: str):
    assert not wrong(running, getattr(running, front), WORKERS, model)


def test_every_method_is_in_the_matrix():
    known = CONTROL.keys() | WORKERS.keys() | OPEN.keys()
    assert {method.name for service in services() for method in service.methods} <= known


@pytest.mark.parametrize("plane", ["control_address", "native", "grpcio"])
def test_health_and_schemas_are_open(running: Running, plane: str):
    with grpc.insecure_channel(getattr(running, plane)) as channel:
        for path in ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"):
            assert status(channel, f"/{path}", b"", [])[0] is grpc.StatusCode.OK
        path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        assert status(channel, path, b"\x3a\x00", [])[0] is grpc.StatusCode.OK


ROUTES = {
    **{
        f"GET {path}": ANYONE for path in ("/v2", "/v2/health/live", "/v2/health/ready", "/ping", "/health", "/version")
    },
    "GET /openapi.json": ANYONE,
    "GET /v2/models/stats": READ,
    **{f"GET /v2/systemsharedmemory/{path}": ALL for path in ("status", "region/r/status")},
    **{f"GET /v2/models/MODEL{path}": PREDICT for path in ("", "/ready", "/config", "/openapi.json", "/versions/1")},
    "GET /v2/models/MODEL/stats": READ,
    "POST /v2/models/MODEL/infer": PREDICT,
    "POST /v2/models/MODEL/versions/1/infer": PREDICT,
    "GET /v1/models/MODEL": PREDICT,
    "POST /v1/models/MODEL:predict": PREDICT,
    "POST /v2/repository/index": READ,
    **{f"POST /v2/repository/models/MODEL/{path}": DEPLOY for path in ("load", "unload")},
    **{f"POST /v2/systemsharedmemory/region/r/{path}": ALL for path in ("register", "unregister")},
    "POST /v2/systemsharedmemory/unregister": ALL,
}


@pytest.mark.parametrize("model", ["a%2Fnone", "b%2Fnone"])
def test_http(running: Running, model: str):
    found = []
    for route, permitted in ROUTES.items():
        method, path = route.split()
        if model.startswith("b") and "MODEL" in path:
            permitted = {"root"}
        for who in ANYONE:
            url = running.http + path.replace("MODEL", model)
            code, text = fetched(url, method, running.identities.fields(who))
            if (code in (401, 403)) == (who in permitted) or (code == 401) != (who is None and who not in permitted):
                found.append(f"{route} as {who} about {model}: {code} {text}")
    assert not found, "\n".join(found)


def test_invocations(running: Running):
    url, body = f"{running.http}/invocations", "POST"
    for who in ANYONE - {"predict", "administer", "root"}:
        assert fetched(url, body, running.identities.fields(who))[0] == (401 if who is None else 403)
    named = [("x-pretzel-model", "b/x"), *running.identities.fields("predict")]
    code, text = fetched(url, body, named)
    assert code != 200 and "b/x" not in text.replace('predict = [\\"b/x\\"]', "").replace("model 'b/x'", "")


def refuse_one(running: Running) -> None:
    """Make each plane refuse a call for its role."""
    for address, method in (
        (running.control_address, "/pretzel.v1.ControlPlaneService/CheckStore"),
        (running.native, PREDICT_ONE),
    ):
        with grpc.insecure_channel(address) as channel:
            fields = running.identities.fields("nothing")
            assert status(channel, method, b"", fields)[0] is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("plane", ["control", "worker"])
def test_closed_metrics(running: Running, plane: str):
    port = running.control.ready["metrics_port"]
    url = running.metrics if plane == "worker" else f"http://127.0.0.1:{port}/metrics"
    refuse_one(running)
    assert fetched(url, "GET", [])[0] == 401
    code, text = fetched(url, "GET", running.identities.fields("read"))
    assert code == 403 and "identity 'read' lacks the role read on all models" in text
    code, text = fetched(url, "GET", running.identities.fields("root"))
    name = "pretzel_rejected_total" if plane == "worker" else "pretzel_control_refused_total"
    assert code == 200 and f'{name}{{reason="permission"}}' in text


X = np.zeros((2, WIDTH))


@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_the_sdk(running: Running, front: str):
    address, tokens = getattr(running, front), running.identities.tokens
    denied = "identity 'predict' lacks the role predict on model 'b/x'; ops@example.org grants it, by predict = "
    with Client(address, token_file=running.identities.file_of("predict"), timeout=SECONDS) as client:
        for _ in range(3):  # the second call takes the hot path
            assert client.predict("a/x", X).tolist() == ["yes", "yes"]
            with pytest.raises(errors.PermissionDeniedError, match=denied):
                client.predict("b/x", X)
    with Client(address, token=tokens["read"], timeout=SECONDS) as client:
        with pytest.raises(errors.PermissionDeniedError, match="identity 'read' lacks the role predict on any model"):
            client.predict("a/x", X)
    with Client(address, token=tokens["root"][:-1] + "!", timeout=SECONDS) as client:
        with pytest.raises(errors.UnauthenticatedError, match="unknown token; ask for one that this server"):
            client.predict("a/x", X)
    with Client(address, token=tokens["root"], timeout=SECONDS) as client:
        assert client.predict_many(["a/x", "b/x"], X, "predict").keys() == {"a/x", "b/x"}


@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_many_models_have_an_error_each(running: Running, front: str):
    request = pb.PredictManyRequest(models=["a/x", "b/x"], columns=columns_to_proto({"x": X}), outputs=["predict"])
    with grpc.insecure_channel(getattr(running, front)) as channel:
        for _ in range(2):
            fields = running.identities.fields("predict")
            ours, other = PredictionServiceStub(channel).PredictMany(request, metadata=fields, timeout=SECONDS).results
            assert ours.response.model == "a/x" and other.error.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
            assert "lacks the role predict on model 'b/x'" in other.error.message


@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_clients_of_triton(running: Running, front: str):
    fields = dict(running.identities.fields("predict"))
    with triton_grpc.InferenceServerClient(getattr(running, front)) as client:
        assert client.is_server_live() and client.get_model_metadata("a/x", headers=fields).name == "a/x"
        for name, given in (("b/x", fields), ("a/x", {})):
            with pytest.raises(triton_utils.InferenceServerException, match="lacks the role predict on|no credential"):
                client.get_model_metadata(name, headers=given)


def test_listings_have_only_what_one_may_read(running: Running):
    tokens = running.identities.tokens
    with ControlPlane(running.control_address, token=tokens["read"], timeout=SECONDS) as plane:
        assert [model.name for model in plane.models()] == ["a/x"]
        page, after = plane.page(size=1)
        assert [model.name for model in page] == ["a/x"] and after in ("", "a/x")
        assert plane.related("a/x") == ([], 0)
        with pytest.raises(errors.PermissionDeniedError, match="lacks the role read on model 'b/x'"):
            plane.explain("b/x")
    with ControlPlane(running.control_address, token=tokens["root"], timeout=SECONDS) as plane:
        assert [model.name for model in plane.models()] == ["a/x", "b/x"]
        assert [model.model for model in plane.related("a/x")[0]] == ["b/x"]


def test_a_changed_file_ends_decisions(running: Running):
    """Streams end, and calls are refused, within a bounded time of the change; then all is as before."""
    fields, identities = running.identities.fields("predict"), running.identities
    one = pb.PredictRequest(model="a/x", columns=columns_to_proto({"x": X}), outputs=["predict"])
    for address in (running.native, running.grpcio):
        with grpc.insecure_channel(address) as channel:
            stub, sent = PredictionServiceStub(channel), queue.SimpleQueue[Any]()
            sent.put(pb.PredictStreamRequest(id=1, request=one))
            answers = stub.PredictStream(iter(sent.get, None), metadata=fields, timeout=SECONDS)
            assert next(answers).response.model == "a/x"
            identities.write({name: roles for name, roles in ROLES.items() if name != "predict"})
            message = one.SerializeToString()
            until(channel, PREDICT_ONE, message, fields, grpc.StatusCode.UNAUTHENTICATED)
            sent.put(pb.PredictStreamRequest(id=2, request=one))
            with pytest.raises(grpc.RpcError, match="unknown token"):
                next(answers)
            identities.write(ROLES)
            until(channel, PREDICT_ONE, message, fields, grpc.StatusCode.OK)


def test_no_secret_is_logged(running: Running):
    refuse_one(running)
    logged = "".join(open(path).read() for path in running.logs)
    assert "lacks the role" in logged
    assert not any(token[-20:] in logged for token in running.identities.tokens.values())
