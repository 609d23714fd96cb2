"""Small real gRPC services for tests of clients without the planes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from pretzel.errors import InputError
from pretzel.plan import wire
from pretzel.plan.definition import parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.model import InputDescription, Model, ModelDescription, ModelVersion, OutputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Labels
from pretzel.serving.tls import ServerTls
from pretzel.v1 import control_pb2, prediction_pb2
from pretzel.v1.control_pb2_grpc import ControlPlaneServiceServicer, add_ControlPlaneServiceServicer_to_server
from pretzel.v1.prediction_pb2_grpc import PredictionServiceServicer, add_PredictionServiceServicer_to_server

PLAN = Digest("0" * 64, 10)
LABELS = ["no", "yes"]
X = np.array([[1.0, 2.0], [-3.0, 0.5]])
BIG = np.random.default_rng(0).normal(size=(400_000, 2))  # 6.4 MB
OUTPUTS = (
    OutputDescription("predict", ValueType("i64"), LABELS),
    OutputDescription("predict_proba", ValueType("f64", 2), LABELS),
    OutputDescription("decision_function", ValueType("f64")),
    OutputDescription("transform", ValueType("f64", 4, "sparse")),
)


def version(model: str, number: int = 1, **metadata: Any) -> ModelVersion:
    return ModelVersion(model, number, PLAN, PLAN, 1.5, 100, {"classes_dtype": "<U3"} | metadata)


def compute(x: np.ndarray, number: int) -> dict[str, wire.Value]:
    """Return the outputs of a model; the version number is visible in the scores."""
    total = x.sum(axis=1) + 1000.0 * (number - 1)
    return {
        "predict": Labels((total > 0).astype(np.int64), LABELS),
        "predict_proba": np.stack([1 - total, total], axis=1),
        "decision_function": total,
        "transform": Csr.of(np.pad(x, ((0, 0), (0, 4)))[:, :4]),
    }


class Worker(PredictionServiceServicer):
    """Serves models over one matrix ``X``; attributes make it fail."""

    def __init__(self, **models: int) -> None:
        self.models = models  # name to width
        self.numbers = dict.fromkeys(models, 1)
        self.failures: Iterator[grpc.StatusCode | None] = iter(())
        self.call_errors: Iterator[prediction_pb2.CallError | None] = iter(())  # of parts of responses
        self.before_answer: Callable[[int], None] = lambda count: None
        self.sizes: list[int] = []
        self.described = self.answered = self.calls = 0
        self.release = threading.Event()
        self.distort: Callable[[dict[str, Any]], dict[str, Any]] = lambda outputs: outputs
        self.metadata: dict[str, Any] = {}
        self.own: dict[str, dict[str, Any]] = {}  # metadata of one model
        self.outputs = OUTPUTS
        self._lock = threading.Lock()

    def DescribeModel(self, request, context):
        name, number = self._resolve(request.model, context)
        with self._lock:
            self.described += 1
        inputs = (InputDescription("X", ValueType("f64", self.models[name])),)
        metadata = self.metadata | self.own.get(name, {})
        description = ModelDescription(version(name, number, **metadata), inputs, self.outputs, {"stable": number})
        return prediction_pb2.DescribeModelResponse(description=wire.description_to_proto(description))

    def Predict(self, request, context):
        self._maybe_fail(context)
        if request.model == "stuck":
            self.release.wait(30)
        try:
            return self._answer(request, context)
        except InputError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    def PredictStream(self, requests, context):
        self._maybe_fail(context)
        for request in requests:
            with self._lock:
                self.answered += 1
                count = self.answered
            self.before_answer(count)
            self._maybe_fail(context)
            if (failure := next(self.call_errors, None)) is not None:
                yield prediction_pb2.PredictStreamResponse(id=request.id, error=failure)
                continue
            try:
                answer = self._answer(request.request, context)
                yield prediction_pb2.PredictStreamResponse(id=request.id, response=answer)
            except InputError as error:
                problem = prediction_pb2.CallError(code=3, message=str(error))
                yield prediction_pb2.PredictStreamResponse(id=request.id, error=problem)

    def PredictMany(self, request, context):
        self.sizes.append(request.ByteSize())
        results = []
        for model in request.models:
            if (failure := next(self.call_errors, None)) is not None:
                results.append(prediction_pb2.ModelResult(error=failure))
                continue
            one = prediction_pb2.PredictRequest(model=model, columns=request.columns, outputs=request.outputs)
            try:
                results.append(prediction_pb2.ModelResult(response=self._answer(one, context)))
            except InputError as error:
                problem = prediction_pb2.CallError(code=3, message=str(error))
                results.append(prediction_pb2.ModelResult(error=problem))
        return prediction_pb2.PredictManyResponse(results=results)

    def _resolve(self, model: str, context) -> tuple[str, int]:
        name, _, number = model.partition("@")
        if name not in self.models:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no model {name!r}")
        return name, int(number or self.numbers[name])

    def _maybe_fail(self, context) -> None:
        with self._lock:
            self.calls += 1
            code = next(self.failures, None)
        if code is not None:
            context.abort(code, f"the service says {code.name}")

    def _answer(self, request, context) -> prediction_pb2.PredictResponse:
        name, number = self._resolve(request.model, context)
        with self._lock:
            self.sizes.append(request.ByteSize())
        x = wire.columns_from_proto(request.columns)["X"]
        if x.shape[1:] != (self.models[name],):
            raise InputError(f"column 'X': expected {self.models[name]} columns, got {x.shape}")
        if (x == -999).any():
            raise InputError(f"column 'X': row {int(np.argwhere(x == -999)[0][0])}: refused")
        everything = self.distort(compute(x, number))
        outputs = {output: everything[output] for output in request.outputs or everything if output in everything}
        return prediction_pb2.PredictResponse(model=name, version=number, columns=wire.columns_to_proto(outputs))


class Control(ControlPlaneServiceServicer):
    """Stores and checks uploads, and accepts every definition."""

    def __init__(self) -> None:
        self.objects: dict[Digest, bytes] = {}
        self.requests: list[control_pb2.DeployModelRequest] = []
        self.sizes: list[int] = []
        self.break_upload_after: list[int] = []
        self.aliases: dict[str, int] = {}
        self.named_failure: str | None = None
        self.in_use = ""
        self.held: list[tuple[str, str, str]] = []
        self.findings: list[str] = []
        self.deleted: list[tuple[str, bool]] = []
        self.metadata: dict[str, Any] = {}
        self.dropped: list[int] = []

    def FindMissingObjects(self, request, context):
        missing = [d for d in request.digests if wire.digest_from_proto(d) not in self.objects]
        return control_pb2.FindMissingObjectsResponse(missing=missing, lease_seconds=60)

    def UploadObjects(self, requests, context):
        room = self.break_upload_after.pop(0) if self.break_upload_after else None
        received = bytearray()
        for count, piece in enumerate(requests):
            if count == room:
                context.abort(grpc.StatusCode.UNAVAILABLE, "going away")
            self.sizes.append(piece.ByteSize())
            digest = wire.digest_from_proto(piece.digest)
            if piece.offset != len(received):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"offset {piece.offset}, expected {len(received)}")
            received += piece.data
            if len(received) == digest.size:
                if Digest.of(received) != digest:
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "digest differs")
                self.objects[digest] = bytes(received)
                received.clear()
        return control_pb2.UploadObjectsResponse(stored_objects=len(self.objects))

    def DeployModel(self, request, context):
        digests = parameter_digests(wire.definition_tree(request.definition))
        lacking = [d for d in digests if d not in self.objects]
        if lacking:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"never uploaded: {lacking[0]}")
        self.requests.append(request)
        for step in ("optimize", "compile", "publish"):
            yield control_pb2.DeployModelResponse(progress=step)
        deployed = version(request.model, len(self.requests))
        if "weights" in request.options:
            held = {"form": request.options["weights"].text, "exact_bytes": 5000, "bytes": deployed.parameter_bytes}
            deployed = replace(
                deployed, metadata={"verified": True, "weights": held, "measured_error": {"predict": 5e-4}}
            )
        yield control_pb2.DeployModelResponse(version=wire.model_version_to_proto(deployed), dropped=self.dropped)

    def ListModels(self, request, context):
        if self.named_failure is not None:
            context.set_trailing_metadata((("pretzel-error", self.named_failure),))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the answers differ")
        names = [n for n in ("a", "ab", "b") if n.startswith(request.prefix) and n > request.page_token]
        page = names[: request.page_size or None]
        models = [Model(n, (version(n),), {"stable": 1}) for n in page]
        held = [control_pb2.HeldBack(model=m, worker=w, reason=r) for m, w, r in self.held]
        following = page[-1] if len(page) < len(names) else ""
        listed = [wire.model_to_proto(model) for model in models]
        return control_pb2.ListModelsResponse(models=listed, held=held, next_page_token=following)

    def CollectGarbage(self, request, context):
        if self.in_use:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, self.in_use)
        return control_pb2.CollectGarbageResponse(objects=3, bytes=0 if request.dry_run else 2048)

    def CheckStore(self, request, context):
        for path in self.findings:
            yield control_pb2.CheckStoreResponse(
                finding=control_pb2.Finding(path=path, problem="torn", remedy="repair it", repaired=request.repair)
            )
        yield control_pb2.CheckStoreResponse(checked=control_pb2.CheckedStore(objects=2, bytes=9, findings=0))

    def DescribeVersion(self, request, context):
        if " " in request.model:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"model name {request.model!r}: expected letters")
        if request.model != "a":
            context.abort(grpc.StatusCode.NOT_FOUND, f"no model {request.model!r}")
        description = ModelDescription(
            version("a", **self.metadata), (InputDescription("X", ValueType("f64", 2)),), OUTPUTS, {}
        )
        return control_pb2.DescribeVersionResponse(description=wire.description_to_proto(description))

    def ExplainModel(self, request, context):
        return control_pb2.ExplainModelResponse(text=f"{request.model} as {request.format} {request.verbose}")

    def SetAlias(self, request, context):
        self.aliases[request.alias] = request.version
        model = Model(request.model, (), {a: v for a, v in self.aliases.items() if v})
        return control_pb2.SetAliasResponse(model=wire.model_to_proto(model))

    def DeleteModel(self, request, context):
        if self.in_use and not request.force:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, self.in_use)
        self.deleted.append((request.model, request.force))
        return control_pb2.DeleteModelResponse()


@contextmanager
def serving(
    servicer: Worker | Control, port: int = 0, *, tls: ServerTls | None = None, socket: Path | None = None
) -> Iterator[int]:
    """Serve on a loopback port, free if 0, and on a Unix socket, while the block runs."""
    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20)]  # as in a control plane
    server = grpc.server(ThreadPoolExecutor(16), options=options)
    if isinstance(servicer, Worker):
        add_PredictionServiceServicer_to_server(servicer, server)
    else:
        add_ControlPlaneServiceServicer_to_server(servicer, server)
    address = f"127.0.0.1:{port}"
    port = server.add_secure_port(address, tls.grpc_credentials) if tls else server.add_insecure_port(address)
    if socket:
        server.add_insecure_port(f"unix:{socket}")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait(10)
