"""TLS of grpc.aio servers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from pretzel.serving.tls import ServerTls, TlsFiles
from tests.helpers.certificates import Authority, Pair
from tests.serving.conftest import SECONDS, VERSIONS, Clock, connects, run


@asynccontextmanager
async def serving(tls: ServerTls) -> AsyncIterator[int]:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(_echo)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {"Echo": handler}),))
    port = server.add_secure_port("127.0.0.1:0", tls.grpc_credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


async def _echo(request: bytes, context: Any) -> bytes:
    return request


def channel(port: int, authority: Authority, pair: Pair | None = None) -> grpc.aio.Channel:
    client = (pair.key.read_bytes(), pair.cert.read_bytes()) if pair else (None, None)
    credentials = grpc.ssl_channel_credentials(authority.cert.read_bytes(), *client)
    return grpc.aio.secure_channel(f"localhost:{port}", credentials, [("grpc.use_local_subchannel_pool", 1)])


async def call(channel: grpc.aio.Channel) -> bytes:
    return bytes(await channel.unary_unary("/test.Echo/Echo")(b"hello", timeout=SECONDS))


def test_new_files_are_used_by_new_connections(tmp_path: Path, pair: Pair) -> None:
    """A client that trusts only the new authority is served after the change, one of the old one before."""
    first, second = Authority(tmp_path / "1"), Authority(tmp_path / "2")
    pair.replace(first.issue("a"))
    clock = Clock()

    async def work() -> None:
        async with serving(ServerTls(TlsFiles(pair.cert, pair.key), clock=clock)) as port:
            async with channel(port, first) as old, channel(port, second) as new, channel(port, first) as late:
                assert await call(old) == b"hello"
                shutil.copyfile(first.issue("b").cert, pair.cert)  # without its key
                clock.pass_check()
                assert await call(late) == b"hello"
                pair.replace(second.issue("c"))
                clock.pass_check()
                assert await call(new) == b"hello"
                assert await call(old) == b"hello"  # over its old connection
            async with channel(port, first) as refused:
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await call(refused)
                assert failed.value.code() == grpc.StatusCode.UNAVAILABLE

    run(work(), asyncio.new_event_loop)


def test_mutual_tls(authority: Authority, pairs: tuple[Pair, Pair]) -> None:
    async def work() -> None:
        files = TlsFiles(pairs[0].cert, pairs[0].key, authority.cert)
        async with serving(ServerTls(files)) as port:
            async with channel(port, authority, pairs[1]) as known:
                assert await call(known) == b"hello"
            async with channel(port, authority) as unknown:
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await call(unknown)
                assert failed.value.code() == grpc.StatusCode.UNAVAILABLE

    run(work(), asyncio.new_event_loop)


def test_old_versions_are_refused(pair: Pair) -> None:
    async def work() -> None:
        async with serving(ServerTls(TlsFiles(pair.cert, pair.key))) as port:
            for version, accepted in VERSIONS:
                assert await asyncio.to_thread(connects, port, version) is accepted, version

    run(work(), asyncio.new_event_loop)
