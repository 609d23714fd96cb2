"""The addresses of a control plane: TLS on every port, mutual TLS, and Unix sockets."""

from __future__ import annotations

import ssl
import stat
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pretzel import ControlPlane, errors
from tests.control_plane.serve.running import SECONDS, control_plane
from tests.helpers.certificates import Authority, Pair


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("control")


def metrics(port: int, trusted: ssl.SSLContext) -> str:
    url = f"https://localhost:{port}/metrics"
    return urllib.request.urlopen(url, timeout=SECONDS, context=trusted).read().decode()


def test_tls(tmp_path: Path, authority: Authority, pair: Pair):
    with control_plane(tmp_path / "data", host="0.0.0.0", tls_cert=pair.cert, tls_key=pair.key) as server:
        port = server.ready["port"]
        with ControlPlane(f"https://localhost:{port}", tls_ca=authority.cert, timeout=SECONDS) as client:
            assert client.models() == []
        with ControlPlane(f"localhost:{port}", timeout=SECONDS) as client:
            with pytest.raises(errors.UnavailableError, match="the server speaks TLS; use https://localhost"):
                client.models()
        trusted = ssl.create_default_context(cafile=authority.cert)
        assert "pretzel_control_models 0.0" in metrics(server.ready["metrics_port"], trusted)


def test_mutual_tls_guards_every_port(tmp_path: Path, authority: Authority, pair: Pair):
    files = {"tls_cert": pair.cert, "tls_key": pair.key, "tls_client_ca": authority.cert}
    with control_plane(tmp_path / "data", **files) as server:
        address = f"https://localhost:{server.ready['port']}"
        known = {"tls_ca": authority.cert, "tls_cert": pair.cert, "tls_key": pair.key}
        with ControlPlane(address, timeout=SECONDS, **known) as client:
            assert client.models() == []
        with ControlPlane(address, timeout=SECONDS, tls_ca=authority.cert) as client:
            with pytest.raises(errors.UnavailableError, match="requires a client certificate, give tls_cert="):
                client.models()
        trusted, port = ssl.create_default_context(cafile=authority.cert), server.ready["metrics_port"]
        with pytest.raises((OSError, urllib.error.URLError)):
            metrics(port, trusted)
        trusted.load_cert_chain(pair.cert, pair.key)
        assert "pretzel_control_models 0.0" in metrics(port, trusted)


def test_a_unix_socket(tmp_path: Path, pair: Pair):
    path = tmp_path / "s"
    files = {"tls_cert": pair.cert, "tls_key": pair.key}
    with control_plane(tmp_path / "data", control_listen=f"unix:{path}", socket_mode="0660", **files) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with ControlPlane(f"unix:{path}", timeout=SECONDS) as client:
            assert client.models() == []
        assert server.close() == 0
        assert not path.exists()
