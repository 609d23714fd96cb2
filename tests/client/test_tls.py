"""Clients of servers that speak TLS, of some that do not, and of Unix sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel import errors
from pretzel.serving.tls import ServerTls, TlsFiles
from tests.client.services import Control, Worker, X, serving
from tests.helpers.certificates import Authority, Pair

SECONDS = 10


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("foreign"), "foreign")


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture
def port(pair: Pair) -> Iterator[int]:
    """A worker that speaks TLS."""
    with serving(Worker(m=2), tls=ServerTls(TlsFiles(pair.cert, pair.key))) as port:
        yield port


@pytest.fixture
def mutual(pair: Pair, authority: Authority) -> Iterator[int]:
    """A worker whose clients need a certificate."""
    with serving(Worker(m=2), tls=ServerTls(TlsFiles(pair.cert, pair.key, authority.cert))) as port:
        yield port


@pytest.mark.parametrize(
    "address", ["https://localhost:{}", "grpcs://127.0.0.1:{}", "127.0.0.1:{}", "dns:///localhost:{}"]
)
def test_predictions(connect, port: int, authority: Authority, address: str) -> None:
    client = connect(address.format(port), tls_ca=authority.cert, timeout=SECONDS)
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]


def test_a_control_plane(control, pair: Pair, authority: Authority) -> None:
    with serving(Control(), tls=ServerTls(TlsFiles(pair.cert, pair.key))) as port:
        client = control(f"https://localhost:{port}", tls_ca=authority.cert, timeout=SECONDS)
        assert [model.name for model in client.models()] == ["a", "ab", "b"]


def test_mutual_tls(connect, mutual: int, authority: Authority) -> None:
    pair = authority.issue("client")
    files = {"tls_ca": authority.cert, "tls_cert": pair.cert, "tls_key": pair.key}
    client = connect(f"https://localhost:{mutual}", timeout=SECONDS, **files)
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]


def cause(client) -> str:
    """The error of a client, which must come long before its time ends."""
    began = time.monotonic()
    with pytest.raises(errors.UnavailableError) as failed:
        client.predict("m", X)
    assert time.monotonic() - began < SECONDS
    assert "(gRPC: " in str(failed.value)
    return str(failed.value)


def test_a_client_in_plain_text_is_informed(connect, port: int) -> None:
    text = cause(connect(f"127.0.0.1:{port}", timeout=SECONDS))
    assert text.startswith(f"127.0.0.1:{port}: the server speaks TLS; use https://127.0.0.1:{port}, or tls_ca=")


def test_a_control_plane_with_tls_is_not_waited_for(control, pair: Pair) -> None:
    """Its end of the connection looks like a restart, for which a client waits a minute."""
    with serving(Control(), tls=ServerTls(TlsFiles(pair.cert, pair.key))) as port:
        client = control(f"127.0.0.1:{port}")
        began = time.monotonic()
        with pytest.raises(errors.UnavailableError, match="the server speaks TLS"):
            client.models()
        assert time.monotonic() - began < SECONDS


def test_a_server_of_plain_text_is_named(connect, authority: Authority) -> None:
    with serving(Worker(m=2)) as port:
        client = connect(f"https://localhost:{port}", tls_ca=authority.cert, timeout=SECONDS)
        assert "the server speaks plain text; use http://" in cause(client)


def test_a_certificate_of_another_authority(connect, port: int, foreign: Authority) -> None:
    client = connect(f"https://localhost:{port}", tls_ca=foreign.cert, timeout=SECONDS)
    assert "the server's certificate is not accepted: unable to get local issuer certificate" in cause(client)


def test_an_expired_certificate(connect, authority: Authority) -> None:
    pair = authority.issue("expired", expired=True)
    with serving(Worker(m=2), tls=ServerTls(TlsFiles(pair.cert, pair.key))) as port:
        client = connect(f"https://localhost:{port}", tls_ca=authority.cert, timeout=SECONDS)
        assert "the server's certificate is not accepted: certificate has expired" in cause(client)


def test_a_client_without_the_certificate_that_a_server_requires(connect, mutual: int, authority: Authority) -> None:
    client = connect(f"https://localhost:{mutual}", tls_ca=authority.cert, timeout=SECONDS)
    assert "requires a client certificate, give tls_cert= and tls_key=" in cause(client)


@pytest.mark.parametrize("kind_of", ["foreign", "expired"])
def test_a_client_whose_certificate_is_refused(
    connect, mutual: int, authority: Authority, foreign: Authority, kind_of: str
) -> None:
    pair = foreign.issue("client") if kind_of == "foreign" else authority.issue("old", expired=True)
    files = {"tls_ca": authority.cert, "tls_cert": pair.cert, "tls_key": pair.key}
    text = cause(connect(f"https://localhost:{mutual}", timeout=SECONDS, **files))
    assert f"it may not accept the certificate {pair.cert}" in text


def test_files_that_cannot_be_read(connect, tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match=r"tls_ca: .*no\.pem: No such file"):
        connect("localhost:1", tls_ca=tmp_path / "no.pem")
    with pytest.raises(errors.InputError, match="tls_cert and tls_key go together"):
        connect("localhost:1", tls_cert=tmp_path / "no.pem")


@pytest.mark.parametrize("address", ["unix:{}", "unix://{}"])
def test_a_unix_socket(connect, tmp_path: Path, address: str) -> None:
    path = tmp_path / "s"
    with serving(Worker(m=2), socket=path):
        client = connect(address.format(path), timeout=SECONDS)
        assert client.decision_function("m", X).tolist() == [3.0, -2.5]
