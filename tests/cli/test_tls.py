"""The commands and TLS, and the time that they may take together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.serving.tls import ServerTls, TlsFiles
from tests.client.services import Control, Worker, serving
from tests.client.test_timeouts import MARGIN, Slow
from tests.helpers.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ServerTls:
    pair = authority.issue("server")
    return ServerTls(TlsFiles(pair.cert, pair.key, authority.cert))


@pytest.fixture(scope="module")
def files(authority: Authority) -> dict[str, Path]:
    pair = authority.issue("client")
    return {"--tls-ca": authority.cert, "--tls-cert": pair.cert, "--tls-key": pair.key}


@pytest.fixture
def secure_control(tls: ServerTls, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(Control(), tls=tls) as port:
        monkeypatch.setenv("PRETZEL_CONTROL_PLANE", f"https://localhost:{port}")
        yield f"localhost:{port}"


@pytest.fixture
def secure_worker(tls: ServerTls, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(Worker(m=2), tls=tls) as port:
        monkeypatch.setenv("PRETZEL_SERVER", f"https://localhost:{port}")
        yield f"localhost:{port}"


COMMANDS = [
    ("models",),
    ("describe", "a"),
    ("explain", "a"),
    ("alias", "a", "canary", "1"),
    ("delete", "a"),
    ("gc",),
    ("fsck", "--address", "{}"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_commands_of_the_control_plane(run, secure_control: str, files: dict[str, Path], command: tuple[str, ...]):
    words = [word.format(f"https://{secure_control}") for word in command]
    ran = run(*words, *(part for option in files.items() for part in option))
    assert ran.code == 0, ran.err
    refused = run(*words, "--tls-ca", files["--tls-ca"])
    assert refused.code == 5
    assert "if it requires a client certificate, give tls_cert= and tls_key=" in refused.err


@pytest.mark.parametrize("command", [("predict", "m"), ("bench", "m", "--seconds", "0.1")], ids=lambda words: words[0])
def test_commands_of_workers(
    run, secure_worker: str, files: dict[str, Path], command: tuple[str, ...], tmp_path: Path, monkeypatch
):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("[1.0, 2.0]\n")
    for variable, option in (("TLS_CA", "--tls-ca"), ("CLIENT_CERT", "--tls-cert"), ("CLIENT_KEY", "--tls-key")):
        monkeypatch.setenv(f"PRETZEL_{variable}", str(files[option]))
    ran = run(*command, rows)
    assert ran.code == 0, ran.err


def test_plain_text_to_tls(run, secure_control: str):
    ran = run("models", "--control", secure_control)
    assert ran.code == 5
    assert f"error: {secure_control}: the server speaks TLS; use https://{secure_control}" in ran.err
    assert "help: addresses may begin with https://" in ran.err


def test_tls_to_plain_text(run, files: dict[str, Path]):
    with serving(Control()) as port:
        ran = run("models", "--control", f"localhost:{port}", "--tls-ca", files["--tls-ca"])
    assert ran.code == 5
    assert "the server speaks plain text; use http://" in ran.err


def test_a_key_is_missing(run, files: dict[str, Path]):
    ran = run("models", "--tls-cert", files["--tls-cert"])
    assert (ran.code, ran.err.splitlines()[0]) == (3, "error: tls_cert and tls_key go together; give both or none")


@pytest.mark.parametrize(("timeout", "code"), [("1.2", 5), ("30", 0)])
def test_the_timeout_bounds_all_calls_of_a_command(run, timeout: str, code: int):
    slow = Slow()
    with serving(slow) as port:
        began = time.monotonic()
        ran = run("models", "--control", f"127.0.0.1:{port}", "--timeout", timeout)
        assert time.monotonic() - began < 2 * slow.seconds + MARGIN
    assert (ran.code, slow.lists) == (code, 2)
