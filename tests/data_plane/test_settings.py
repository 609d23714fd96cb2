"""Settings of a worker, and the values it rejects."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pretzel.data_plane.settings import Settings
from pretzel.serving.settings import is_loopback
from pretzel.targets import Tls


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback_is_open(host: str):
    assert is_loopback(host)
    assert Settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_other_addresses_need_insecure(host: str):
    with pytest.raises(ValidationError, match="pass --insecure"):
        Settings(host=host)
    assert Settings(host=host, insecure=True).host == host


def test_the_environment_and_the_command_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRETZEL_WORKERS", "3")
    monkeypatch.setenv("PRETZEL_PORT", "1234")
    monkeypatch.setenv("PRETZEL_PIN", "a, b:canary")
    settings = Settings(_cli_parse_args=["--port", "0", "--memory-budget", "1000", "--insecure"])
    assert (settings.workers, settings.port, settings.memory_budget, settings.insecure) == (3, 0, 1000, True)
    assert settings.pin == ["a", "b:canary"]


@pytest.mark.parametrize("text", ["a", "=2", "a=0", "a=nan", "a=-1", "a=1001", "a=much"])
def test_weights_that_are_rejected(text: str):
    with pytest.raises(ValidationError, match=f"'{text}': expected a model and its weight, 0.001 to 1000, as wine=4"):
        Settings(weights=text)
    assert Settings(weights="a=4, b=0.5").weight_by_model == {"a": 4.0, "b": 0.5}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tls_cert": "c"}, "tls_cert and tls_key go together"),
        ({"tls_client_ca": "c"}, "tls_client_ca needs tls_cert and tls_key"),
        ({"listen": "10.0.0.1:8001"}, "host '10.0.0.1' is reachable from other hosts"),
        ({"listen": "unix:/s,nonsense"}, "'nonsense': expected host:port"),
        ({"listen": "127.0.0.1:0"}, "'127.0.0.1:0': expected a port"),
        ({"socket_mode": "0999"}, "socket_mode"),
        ({"socket_mode": 0o1777}, "socket_mode"),
    ],
)
def test_listeners_that_are_rejected(wrong: dict[str, object], message: str):
    with pytest.raises(ValidationError, match=message):
        Settings(**wrong)


def test_listeners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRETZEL_LISTEN", "unix:/run/a, 127.0.0.1:9")
    monkeypatch.setenv("PRETZEL_SOCKET_MODE", "0660")
    settings = Settings()
    assert list(map(str, settings.listeners)) == ["unix:/run/a", "127.0.0.1:9"]
    assert settings.socket_mode == 0o660
    tls = {"tls_cert": tmp_path / "c", "tls_key": tmp_path / "k"}
    assert Settings(listen=["10.0.0.1:8001"], **tls).listeners[0].host == "10.0.0.1"


def test_a_worker_shows_its_own_certificate_unless_it_has_another():
    own = {"tls_cert": Path("c"), "tls_key": Path("k")}
    assert Settings(**own).control_tls == Tls(None, Path("c"), Path("k"))
    other = Settings(**own, client_cert="x", client_key="y", tls_ca="a").control_tls
    assert other == Tls(Path("a"), Path("x"), Path("y"))


@pytest.mark.parametrize("wrong", [{"port": -1}, {"port": 70_000}, {"workers": 0}, {"memory_budget": 0}])
def test_invalid_values_are_rejected(wrong: dict[str, int]):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_a_variable_wins_over_the_file_and_an_argument_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pretzel.toml"
    file.write_text('port = 7001\nworkers = 3\npin = ["a", "b:canary"]\ncontrol_port = 9\n')
    monkeypatch.setenv("PRETZEL_CONFIG", str(file))
    monkeypatch.setenv("PRETZEL_WORKERS", "2")
    settings = Settings(port=7003)
    assert (settings.port, settings.workers, settings.pin) == (7003, 2, ["a", "b:canary"])


@pytest.mark.parametrize(
    ("size", "count"), [("2GiB", 2 << 30), ("512 MiB", 512 << 20), ("3K", 3072), ("1TB", 1 << 40), ("77", 77)]
)
def test_a_size_may_have_a_unit(size: str, count: int):
    assert Settings(memory_budget=size).memory_budget == count


@pytest.mark.parametrize("size", ["2 giga", "-1GiB", "GiB", "0", ""])
def test_a_wrong_size_is_rejected(size: str):
    with pytest.raises(ValueError, match="memory_budget"):
        Settings(memory_budget=size)
