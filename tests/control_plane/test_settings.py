"""Settings of the control plane: their sources, and rejected values."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pretzel.control_plane.settings import Settings


def test_defaults():
    settings = Settings()
    assert (settings.host, settings.control_port, settings.control_metrics_port) == ("127.0.0.1", 8101, 8102)


def test_arguments_before_variables_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "pretzel.toml"
    file.write_text('control_port = 1\nlease_seconds = 1\nreport_seconds = 1\nunknown = "for another command"\n')
    monkeypatch.setenv("PRETZEL_CONFIG", str(file))
    monkeypatch.setenv("PRETZEL_LEASE_SECONDS", "2")
    monkeypatch.setenv("PRETZEL_REPORT_SECONDS", "2")
    settings = Settings(report_seconds=3)
    assert (settings.control_port, settings.lease_seconds, settings.report_seconds) == (1, 2, 3)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])
def test_loopback_addresses(host: str):
    assert Settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_other_addresses_need_tls_or_insecure(host: str, tmp_path: Path):
    with pytest.raises(ValidationError, match="is reachable from other hosts"):
        Settings(host=host)
    assert Settings(host=host, insecure=True).host == host
    assert Settings(host=host, tls_cert=tmp_path / "c", tls_key=tmp_path / "k").host == host


@pytest.mark.parametrize("half", ["tls_cert", "tls_key"])
def test_a_certificate_needs_its_key(half: str, tmp_path: Path):
    with pytest.raises(ValidationError, match="go together"):
        Settings(**{half: tmp_path / "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("control_port", -1), ("control_port", 65536), ("lease_seconds", 0), ("deployments", 0), ("max_message_bytes", 5)],
)
def test_values_out_of_range(name: str, value: float):
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "127.0.0.1:5"), ("::1", "[::1]:5"), ("[::1]", "[::1]:5")])
def test_addresses_as_grpc_writes_them(host: str, address: str):
    assert Settings(host=host).address(5) == address
