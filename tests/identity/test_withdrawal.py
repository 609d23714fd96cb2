"""Roles that are withdrawn end at once, and what a caller may keep in a server is bounded."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import grpc.aio
import pytest

from pretzel.control_plane.serve import listing
from pretzel.control_plane.serve.listing import list_models
from pretzel.control_plane.serve.live import Worker
from pretzel.data_plane.transport.front import NativeFront
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods, Shortcuts
from pretzel.data_plane.transport.permits import MANY, ONE, decide
from pretzel.serving.identity.caller import ACCESS, Caller
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.roles import Patterns, Role
from pretzel.serving.identity.tokens import TokenHash, new_token
from pretzel.v1 import control_pb2
from pretzel.v1 import prediction_pb2 as pb

SERVICE = "pretzel.v1.PredictionService"
TOKEN = new_token()


def grant(file: Path, patterns: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(f'[[identity]]\nname = "c"\ntoken = "{TokenHash.of(TOKEN)}"\npredict = {patterns}\n')
    new.replace(file)


def require(model: str) -> None:
    access = ACCESS.get()
    assert access is not None
    access.require(model)


class Service:
    """Answers calls that their caller may make; the first message of a stream waits."""

    def __init__(self) -> None:
        self.started, self.gate, self.went_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def each(self, message: bytes, context: Any) -> bytes:
        require("a/x")
        self.started.set()
        if message == b"wait":
            await self.gate.wait()
        else:
            self.went_on.set()
        return message

    async def unary(self, request: Any, context: Any) -> bytes:
        require("b/x")
        return b"answer"

    async def stream(self, messages: Any, context: Any) -> AsyncIterator[bytes]:
        yield b""

    def methods(self) -> Methods:
        methods = Methods(shortcuts=Shortcuts({}, {f"/{SERVICE}/PredictStream": (None, self.each)}))
        handlers = {
            "Predict": grpc.unary_unary_rpc_method_handler(self.unary),
            "PredictStream": grpc.stream_stream_rpc_method_handler(self.stream),
        }
        methods.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        return methods


async def test_a_withdrawn_role_ends_on_a_connection_whose_stream_continues(tmp_path: Path):
    file, metadata = tmp_path / "identities.toml", (("authorization", f"Bearer {TOKEN}"),)
    grant(file, '["a/*", "b/*"]')
    keeper, service = Keeper(file), Service()
    front = NativeFront(service.methods(), Limits(), keeper=keeper)
    listening = socket.create_server(("127.0.0.1", 0))
    await front.listen(listening)
    async with asyncio.timeout(30), grpc.aio.insecure_channel(f"127.0.0.1:{listening.getsockname()[1]}") as channel:
        stream = channel.stream_stream(f"/{SERVICE}/PredictStream")(metadata=metadata)
        await stream.write(b"wait")
        await stream.write(b"next")
        await service.started.wait()
        predict = channel.unary_unary(f"/{SERVICE}/Predict")
        assert await predict(b"\x0a\x03b/x", metadata=metadata) == b"answer"
        grant(file, '["a/*"]')
        keeper.look()
        service.gate.set()  # the stream continues before the client sends more
        await service.went_on.wait()
        with pytest.raises(grpc.aio.AioRpcError, match="lacks the role predict") as caught:
            await predict(b"\x0a\x03b/x", metadata=metadata)
        stream.cancel()
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await front.drain(0)


@pytest.mark.parametrize("form", [ONE, MANY])
def test_decisions_by_long_names_are_not_kept(form: int):
    access = Caller("c", {Role.PREDICT: Patterns.of(["a/*"])}).access(Role.PREDICT)
    for name, kept in (("a/x", 1), ("a/" + "x" * 5000, 1)):
        request = pb.PredictRequest(model=name) if form == ONE else pb.PredictManyRequest(models=[name])
        assert decide(access, request.SerializeToString(), form) is True
        assert len(access.decisions) == kept


class Named(NamedTuple):
    name: str


class Hidden:
    """A catalog of many models; counts how often it is asked."""

    asked = 0

    def page(self, prefix: str, after: str, size: int, selection: Any) -> tuple[list[Named], str]:
        self.asked += 1
        end = int(after or 0) + size
        return [Named(str(i)) for i in range(end - size, min(end, 3000))], str(end) if end < 3000 else ""


def test_models_that_are_held_back_are_counted_after_those_that_are_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "MOST_HELD", 2)
    held = {"a/1": "", "a/2": "", "b/1": "full", "b/2": "full", "b/3": "full"}
    worker = Worker("w", "", 0, "", "", 0, held)
    request = control_pb2.ListModelsRequest(page_size=1)
    answer = list_models(Hidden(), request, [worker], lambda name: name.startswith("b/"))  # type: ignore[arg-type]
    assert [one.model for one in answer.held] == ["b/1", "b/2"]


def test_small_pages_of_hidden_models_cost_few_questions():
    catalog: Any = Hidden()
    request = control_pb2.ListModelsRequest(page_size=1)
    assert not list_models(catalog, request, [], lambda name: False).models
    assert catalog.asked < 10
