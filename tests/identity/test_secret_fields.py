"""Clients may send a token as a field that no table of a connection keeps."""

import asyncio
import socket
from pathlib import Path

import ngh2
import pytest

from pretzel.data_plane.transport.front import NativeFront
from pretzel.data_plane.transport.limits import Limits
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.tokens import new_token
from tests.data_plane.transport.peer import Peer, message, request
from tests.identity.test_withdrawal import TOKEN, Service, grant


@pytest.mark.parametrize("identifier", [(), ((b"x-request-id", b"call-1"),)])
async def test_an_unknown_token_is_refused_and_the_connection_stays(
    tmp_path: Path, identifier: tuple[tuple[bytes, bytes], ...]
):
    file = tmp_path / "identities.toml"
    grant(file, '["b/*"]')
    front = NativeFront(Service().methods(), Limits(), keeper=Keeper(file))
    listening = socket.create_server(("127.0.0.1", 0))
    await front.listen(listening)
    path = b"/pretzel.v1.PredictionService/Predict"
    async with asyncio.timeout(30), Peer.connected(listening.getsockname()[1]) as peer:
        for token, code in ((new_token(), b"16"), (TOKEN, b"0"), (new_token(), b"16")):
            secret = ngh2.NeverIndexedHeader(b"authorization", f"Bearer {token}".encode())
            more = tuple(ngh2.NeverIndexedHeader(*field) for field in identifier)
            answer = await peer.call(request("", secret, *more, path=path), message(b"\x0a\x03b/x"))
            assert answer[b"grpc-status"] == code
            if identifier and code == b"16":
                assert answer[b"x-request-id"] == b"call-1"
    await front.drain(0)
