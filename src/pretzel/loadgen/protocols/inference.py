"""Requests of the Open Inference Protocol, over gRPC or REST, from the metadata of the models."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
import grpc.aio

from pretzel.client.endpoint import Endpoint
from pretzel.errors import InputError, NotFoundError, PretzelError, UnavailableError
from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from pretzel.loadgen.calls import Request
from pretzel.loadgen.protocols import Prepared, Wanted
from pretzel.loadgen.protocols.tensors import Tensor, read_tensors
from pretzel.loadgen.server import Server

PATH = "/inference.GRPCInferenceService/ModelInfer"
Declared = Sequence[tuple[str, str, Sequence[int]]]
"""Name, datatype and shape of each input."""
_AT_ONCE = 64


async def prepare(server: Server, wanted: Wanted, method: str, file: Path | None) -> Prepared:
    """Ask for the models' metadata over gRPC, and prepare the requests."""
    endpoint = Endpoint(server.address, server.tls.ca, server.tls.cert, server.tls.key)
    options = [("grpc.enable_retries", 0)]
    async with endpoint.open(grpc.aio.insecure_channel, grpc.aio.secure_channel, options, 1)[0] as link:
        stub: Any = GRPCInferenceServiceStub(link)

        async def ask(model: str) -> Declared:
            try:
                request, own = pb.ModelMetadataRequest(name=model), server.authorization
                answer = await stub.ModelMetadata(request, timeout=server.timeout, metadata=own)
            except grpc.RpcError as error:
                raise endpoint.failure(error) from None
            return [(item.name, item.datatype, list(item.shape)) for item in answer.inputs]

        return await _prepared(ask, wanted, method, file, _message)


async def prepare_rest(server: Server, wanted: Wanted, method: str, file: Path | None) -> Prepared:
    """Ask for the models' metadata over REST, and prepare the requests."""

    async def ask(model: str) -> Declared:
        metadata = await asyncio.to_thread(_get, server, f"/v2/models/{quote(model)}")
        try:
            return [(item["name"], item["datatype"], item["shape"]) for item in metadata["inputs"]]
        except (KeyError, TypeError):
            raise InputError(f"{server.address}: the metadata of model {model!r} list no inputs") from None

    return await _prepared(ask, wanted, method, file, _json)


async def _prepared(
    ask: Callable[[str], Any],
    wanted: Wanted,
    method: str,
    file: Path | None,
    make: Callable[[str, str, Sequence[Tensor]], Request],
) -> Prepared:
    names, places = list(dict.fromkeys(model for model, _ in wanted)), asyncio.Semaphore(_AT_ONCE)

    async def declared(model: str) -> Declared:
        async with places:
            inputs: Declared = await ask(model)
            return inputs

    inputs = dict(zip(names, await asyncio.gather(*map(declared, names)), strict=True))
    given = read_tensors(file) if file else None
    requests = [
        make(model, method, given or [Tensor.random(*item, rows) for item in inputs[model]]) for model, rows in wanted
    ]
    return Prepared(names[0], method, requests)


def _rows(tensors: Sequence[Tensor]) -> int:
    return tensors[0].shape[0] if tensors and tensors[0].shape else 1


def _message(model: str, method: str, tensors: Sequence[Tensor]) -> Request:
    request = pb.ModelInferRequest(model_name=model)
    for tensor in tensors:
        request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        request.raw_input_contents.append(tensor.raw())
    if method:
        request.outputs.add(name=method)
    return Request(model, _rows(tensors), PATH, request.SerializeToString())


def _json(model: str, method: str, tensors: Sequence[Tensor]) -> Request:
    body: dict[str, Any] = {"inputs": [tensor.json() for tensor in tensors]}
    if method:
        body["outputs"] = [{"name": method}]
    return Request(model, _rows(tensors), f"/v2/models/{quote(model)}/infer", json.dumps(body).encode())


def _get(server: Server, path: str) -> Any:
    """Return the JSON at a path.

    Raises:
        PretzelError: the server does not give it.
    """
    try:
        context = server.context("http/1.1")
        request = urllib.request.Request(server.url + path)
        for name, value in server.authorization:
            request.add_unredirected_header(name, value)  # a redirect may name another host
        with urllib.request.urlopen(request, timeout=server.timeout, context=context) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        kind = NotFoundError if error.code in (400, 404) else PretzelError
        raise kind(f"{server.url}{path}: HTTP {error.code} {error.reason}; check the model's name") from None
    except (OSError, ValueError) as error:  # also a body that is not JSON
        reason = getattr(error, "reason", error)
        raise UnavailableError(f"{server.url}{path}: {reason}; check the address and --protocol") from None
    except Exception as error:  # an answer that is not HTTP
        raise UnavailableError(f"{server.url}{path}: {error!r:.80}; check the address and --protocol") from None
