"""TLS of servers, over asyncio and uvloop."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pretzel.errors import PreconditionError
from pretzel.serving import tls
from pretzel.serving.tls import HTTP1, HTTP2, ServerTls, TlsFiles
from tests.helpers.certificates import Authority, Pair
from tests.serving.conftest import SECONDS, VERSIONS, Clock, connects, run


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip(request.param)
    return importlib.import_module(request.param).new_event_loop


@asynccontextmanager
async def listening(served: ServerTls) -> AsyncIterator[int]:
    """Serve an echo of lines on a free port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(line)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=served.context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def trusting(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.cert)
    context.set_alpn_protocols([HTTP2])
    if pair:
        context.load_cert_chain(pair.cert, pair.key)
    return context


class Line:
    """A connection to the echo."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext, name: str = "localhost") -> Line:
        line = cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name))
        assert await line.says(b"hello\n")
        return line

    async def says(self, text: bytes) -> bool:
        self.writer.write(text)
        return await self._reader.readline() == text

    @property
    def subject(self) -> str:
        """The common name of the server's certificate."""
        (((_, name),),) = self.writer.get_extra_info("peercert")["subject"]
        return str(name)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])  # clients send no server name for an address
def test_new_files_are_used_by_new_connections(
    authority: Authority, pairs: tuple[Pair, Pair], pair: Pair, loop_factory: Any, name: str
) -> None:
    clock = Clock()

    async def work() -> None:
        async with listening(ServerTls(TlsFiles(pair.cert, pair.key), clock=clock)) as port:
            old = await Line.open(port, trusting(authority), name)
            pair.replace(pairs[1])
            assert (await Line.open(port, trusting(authority), name)).subject == "first"  # not looked at yet
            clock.pass_check()
            new = await Line.open(port, trusting(authority), name)
            assert (old.subject, new.subject) == ("first", "second")
            assert new.writer.get_extra_info("ssl_object").selected_alpn_protocol() == HTTP2
            assert await old.says(b"still here\n")

    run(work(), loop_factory)


def test_a_half_written_pair_keeps_the_old_one(
    authority: Authority, pairs: tuple[Pair, Pair], pair: Pair, capsys: pytest.CaptureFixture[str], loop_factory: Any
) -> None:
    clock = Clock()

    async def subject(port: int) -> str:
        clock.pass_check()
        return (await Line.open(port, trusting(authority))).subject

    async def work() -> None:
        async with listening(ServerTls(TlsFiles(pair.cert, pair.key), clock=clock)) as port:
            shutil.copyfile(pairs[1].cert, pair.cert)
            assert [await subject(port), await subject(port)] == ["first", "first"]
            pair.cert.write_text("-----BEGIN CERT")
            assert await subject(port) == "first"
            pair.cert.unlink()
            assert await subject(port) == "first"
            pair.replace(pairs[1])
            assert await subject(port) == "second"

    run(work(), loop_factory)
    assert capsys.readouterr().out.count("is not the key of the certificate") == 1


def test_files_that_change_while_they_are_read_are_not_used(
    pairs: tuple[Pair, Pair], pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gRPC would get the key of one pair and the certificate of another."""
    load = tls._context

    def load_and_change(*arguments: Any) -> ssl.SSLContext:
        context = load(*arguments)
        pair.replace(pairs[1])
        return context

    monkeypatch.setattr(tls, "_context", load_and_change)
    with pytest.raises(PreconditionError, match="is being written; start again when both are in place"):
        ServerTls(TlsFiles(pair.cert, pair.key))


def test_mutual_tls(authority: Authority, pairs: tuple[Pair, Pair], tmp_path: Path, loop_factory: Any) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger").issue("foreign")

    async def work() -> None:
        files = TlsFiles(pairs[0].cert, pairs[0].key, authority.cert)
        async with listening(ServerTls(files)) as port:
            assert await (await Line.open(port, trusting(authority, pairs[1]))).says(b"known\n")
            for unknown in (None, stranger):
                # With TLS 1.3 the client learns of the refusal at its first read.
                with pytest.raises((OSError, AssertionError)):
                    await Line.open(port, trusting(authority, unknown))

    run(work(), loop_factory)


def test_new_authorities_of_clients(authority: Authority, pair: Pair, tmp_path: Path, loop_factory: Any) -> None:
    other = Authority(tmp_path / "other", "other")
    ours, theirs, authorities = authority.issue("ours"), other.issue("theirs"), tmp_path / "authorities.pem"
    shutil.copyfile(authority.cert, authorities)
    clock = Clock()

    async def work() -> None:
        async with listening(ServerTls(TlsFiles(pair.cert, pair.key, authorities), clock=clock)) as port:
            await Line.open(port, trusting(authority, ours))
            shutil.copyfile(other.cert, authorities)
            clock.pass_check()
            await Line.open(port, trusting(authority, theirs))
            with pytest.raises((OSError, AssertionError)):
                await Line.open(port, trusting(authority, ours))

    run(work(), loop_factory)


def test_an_old_session_is_not_resumed_by_a_refused_client(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    """Sessions of mutual TLS are not resumed: the certificate of each connection is checked."""
    context = trusting(authority, pair)

    async def work() -> None:
        async with listening(ServerTls(TlsFiles(pair.cert, pair.key, authority.cert))) as port:
            await asyncio.to_thread(twice, port)

    def twice(port: int) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, version
            session = None
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", port), SECONDS) as plain:
                    with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                        secure.sendall(b"x\n")
                        assert secure.recv(2) == b"x\n"
                        assert not secure.session_reused
                        session = secure.session

    run(work(), asyncio.new_event_loop)


def test_old_versions_are_refused(authority: Authority, pair: Pair) -> None:
    async def work() -> None:
        served = ServerTls(TlsFiles(pair.cert, pair.key))
        assert served.context.minimum_version is ssl.TLSVersion.TLSv1_2  # OpenSSL's own settings may refuse 1.1 as well
        async with listening(served) as port:
            for version, accepted in VERSIONS:
                assert await asyncio.to_thread(connects, port, version) is accepted, version

    run(work(), asyncio.new_event_loop)


def test_protocols(authority: Authority, pair: Pair) -> None:
    async def work() -> None:
        context = trusting(authority)
        context.set_alpn_protocols([HTTP1])
        async with listening(ServerTls(TlsFiles(pair.cert, pair.key), (HTTP2, HTTP1))) as port:
            line = await Line.open(port, context)
            assert line.writer.get_extra_info("ssl_object").selected_alpn_protocol() == HTTP1

    run(work(), asyncio.new_event_loop)


def encrypted(pair: Pair) -> Path:
    target = pair.key.with_suffix(".locked")
    command = ["openssl", "pkey", "-in", str(pair.key), "-aes256", "-passout", "pass:secret", "-out", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def test_messages_name_the_setting(pairs: tuple[Pair, Pair], tmp_path: Path) -> None:
    (cert, key), junk = (pairs[0].cert, pairs[0].key), tmp_path / "junk.pem"
    junk.write_text("junk")
    for files, message in [
        (TlsFiles(tmp_path / "no.pem", key), r"^tls_cert: .*no\.pem: No such file"),
        (TlsFiles(cert, tmp_path / "no.pem"), r"^tls_key: .*no\.pem: No such file"),
        (TlsFiles(cert, key, tmp_path / "no.pem"), r"^tls_client_ca: .*no\.pem: No such file"),
        (TlsFiles(cert, pairs[1].key), r"^tls_key: .* is not the key of the certificate"),
        (TlsFiles(cert, encrypted(pairs[0])), r"^tls_key: .* is encrypted; store it without a password"),
        (TlsFiles(junk, key), r"^tls_cert, tls_key: .* is not valid PEM"),
        (TlsFiles(cert, key, junk), r"^tls_client_ca: .* has no certificate in PEM"),
    ]:
        with pytest.raises(PreconditionError, match=message):
            ServerTls(files)
