"""Each role against every method of both planes, on both fronts and over HTTP, with real servers."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory

from tests.identity.conftest import Running
from tests.identity.servers import ROLES, SECONDS
from tests.identity.test_table import services

ANYONE = {None, *ROLES}
PREDICT, DEPLOY = {"predict", "administer", "root"}, {"deploy", "administer", "root"}
READ = DEPLOY | {"read"}
ALL, WORKER = {"root"}, {"worker"}
CONTROL = {
    "FindMissingObjects": DEPLOY,
    "UploadObjects": DEPLOY,
    "DeployModel": DEPLOY,
    "ListModels": READ,
    "DescribeVersion": READ,
    "ExplainModel": READ,
    "SetAlias": DEPLOY,
    "DeleteModel": DEPLOY,
    "SetLabels": DEPLOY,
    "DeleteModels": DEPLOY,
    "CollectGarbage": ALL,
    "CheckStore": ALL,
    "MeasureSharing": ALL,
    "ListRelatedModels": READ,
    "ListWorkers": ALL,
    "ListFailedVerifications": READ,
    "Watch": WORKER,
    "FetchObjects": WORKER,
    "Report": WORKER,
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
}
"""Methods that need a role on some model."""
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def methods(expected: dict[str, set[Any]]) -> Iterator[tuple[str, Any, set[Any]]]:
    """The path, the type of the request and the permitted callers of each method."""
    for service in services():
        for method in service.methods:
            of_plane = service.name in ("ControlPlaneService", "OverviewService", "WorkerService")
            if (
                method.name in expected
                and of_plane == (expected is CONTROL)
                and not method.full_name.startswith("grpc")
            ):
                kind = message_factory.GetMessageClass(method.input_type)
                yield f"/{service.full_name}/{method.name}", kind, expected[method.name]


def about(kind: Any, model: str) -> bytes:
    """A request about a model that is not there."""
    fields = kind.DESCRIPTOR.fields_by_name
    if "request" in fields:
        return bytes(kind(request={"model": model}).SerializeToString())
    name = next((field for field in ("model", "model_name", "name", "models", "prefix") if field in fields), None)
    if name is None or "Memory" in kind.DESCRIPTOR.name:
        return b""
    return bytes(kind(**{name: [model] if name == "models" else model}).SerializeToString())


def status(channel: grpc.Channel, path: str, message: bytes, fields: list[tuple[str, str]]) -> tuple[Any, str]:
    """Call any method as a stream; return the status of the first answer, and its message or the answer."""
    sent = iter([]) if path.endswith("UploadObjects") else iter([message])
    call: Any = channel.stream_stream(path)(sent, metadata=fields, timeout=SECONDS)
    try:
        answer = next(call, b"")
        return grpc.StatusCode.OK, answer.decode("latin-1")
    except grpc.RpcError as error:
        return error.code(), error.details() or ""  # type: ignore[attr-defined]
    finally:
        call.cancel()


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


def fetched(url: str, method: str, fields: list[tuple[str, str]]) -> tuple[int, str]:
    body = b"{}" if method == "POST" else None
    headers = {"content-type": "application/json", **dict(fields)}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


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


@pytest.mark.parametrize("plane", ["control", "worker"])
def test_closed_metrics(running: Running, plane: str):
    port = running.control.ready["metrics_port"]
    url = running.metrics if plane == "worker" else f"http://127.0.0.1:{port}/metrics"
    assert fetched(url, "GET", [])[0] == 401
    code, text = fetched(url, "GET", running.identities.fields("read"))
    assert code == 403 and "identity 'read' lacks the role read on all models" in text
    code, text = fetched(url, "GET", running.identities.fields("root"))
    name = "pretzel_rejected_total" if plane == "worker" else "pretzel_control_refused_total"
    assert code == 200 and f'{name}{{reason="permission"}}' in text


def test_no_secret_is_logged(running: Running):
    logged = "".join(open(path).read() for path in running.logs)
    assert "lacks the role" in logged
    assert not any(token[-20:] in logged for token in running.identities.tokens.values())
