"""Tokens of clients: from arguments, files and the environment; and where they may go."""

import os
import time
from pathlib import Path

import pytest

from pretzel import AsyncClient, Client, ControlPlane, errors
from pretzel.client.endpoint import Endpoint
from pretzel.client.request_ids import request_id
from pretzel.targets import Bearer, Target

SECRET = "pretzel_0123456789abcdef_" + "s" * 43


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("PRETZEL_TOKEN", "PRETZEL_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def sent(bearer: Bearer | None) -> str:
    assert bearer is not None
    ((name, value),) = bearer.metadata()
    assert name == "authorization"
    return value


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert Bearer.of() is None
    file = tmp_path / "token"
    file.write_text("from-file\n")
    assert sent(Bearer.of("given")) == "Bearer given"
    assert sent(Bearer.of(file=file)) == "Bearer from-file"
    monkeypatch.setenv("PRETZEL_TOKEN", "from-variable")
    assert sent(Bearer.of()) == "Bearer from-variable"
    monkeypatch.setenv("PRETZEL_TOKEN_FILE", str(file))
    assert sent(Bearer.of()) == "Bearer from-file" and sent(Bearer.of("given")) == "Bearer given"


def test_the_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, now = tmp_path / "token", [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    file.write_text("first")
    bearer = Bearer(file=file)
    file.write_text("second-one")
    assert sent(bearer) == "Bearer first"
    now[0] += 2
    assert sent(bearer) == "Bearer second-one"
    file.unlink()
    now[0] += 2
    assert sent(bearer) == "Bearer second-one"
    file.write_text("no token")
    now[0] += 2
    assert sent(bearer) == "Bearer second-one"


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ümlaut", "x" * 8193])
def test_other_texts_are_refused(token: str, tmp_path: Path):
    with pytest.raises(errors.InputError, match="token: expected a token, 1 to 8192 visible ASCII") as raised:
        Bearer(token)
    assert not token or token not in str(raised.value)
    file = tmp_path / "token"
    file.write_text(token)
    with pytest.raises(errors.InputError, match="^token_file .*token: expected a token"):
        Bearer(file=file)


def test_errors(tmp_path: Path):
    with pytest.raises(errors.InputError, match="token_file: .*none: No such file"):
        Client("127.0.0.1:1", token_file=tmp_path / "none")
    with pytest.raises(errors.InputError, match="token and token_file: give one of them"):
        ControlPlane("127.0.0.1:1", token=SECRET, token_file=tmp_path / "none")


@pytest.mark.parametrize("address", ["10.0.0.1:8001", "http://workers:8001", "dns:///workers:8001", "ipv4:10.0.0.1:1"])
def test_plain_text_to_another_host_is_refused(address: str, monkeypatch: pytest.MonkeyPatch):
    for kind in (Client, AsyncClient, ControlPlane):
        with pytest.raises(errors.InputError, match="a token over plain text can be read on the network") as raised:
            kind(address, token=SECRET)
        assert SECRET not in str(raised.value)
    Endpoint(address, bearer=Bearer(SECRET), insecure_token=True)
    monkeypatch.setenv("PRETZEL_TOKEN", SECRET)
    with pytest.raises(errors.InputError, match="insecure_token=True .--insecure-token. if the network is trusted"):
        Client(address)


@pytest.mark.parametrize(
    "address", ["localhost:1", "127.0.0.2:1", "[::1]:1", "unix:/x", "https://workers", "grpcs://w:1"]
)
def test_private_addresses(address: str):
    assert Target.of(address).is_private
    Endpoint(address, bearer=Bearer(SECRET))


def test_metadata_has_the_token_and_the_identifier():
    endpoint = Endpoint("localhost:1", bearer=Bearer("t"))
    with request_id("mine"):
        assert endpoint.metadata() == (("x-request-id", "mine"), ("authorization", "Bearer t"))
        assert Endpoint("localhost:1").metadata() == (("x-request-id", "mine"),)
    assert Endpoint("localhost:1").metadata() is None
    assert "PRETZEL_TOKEN" not in os.environ
