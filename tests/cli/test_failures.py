"""A failed command prints an error and a line of help, and never a stack trace."""

import json
import os
import socket
import subprocess
import sys

import pytest

from pretzel import __version__


@pytest.fixture
def no_server(monkeypatch):
    with socket.socket() as held:  # a port that is bound is refused to clients, and taken by no other server
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        monkeypatch.setenv("PRETZEL_SERVER", f"127.0.0.1:{port}")
        monkeypatch.setenv("PRETZEL_CONTROL_PLANE", f"127.0.0.1:{port}")
        yield port


def test_version_and_help(run):
    assert run("--version").out == f"pretzel {__version__}\n"
    for arguments in ((), ("--help",), ("deploy", "--help")):
        ran = run(*arguments)
        assert (ran.code, ran.err) == (0, "")
        assert "Usage" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (("frobnicate",), 2, "No such command 'frobnicate'", "pretzel --help"),
        (("describe",), 2, "Missing argument 'NAME'", "pretzel describe --help"),
        (("deploy", "m", "missing file"), 2, "'missing file' does not exist", "pretzel deploy --help"),
        (("explain", "m", "--format", "foo"), 2, "'foo' is not one of", "pretzel explain --help"),
        (("predict", "m", "--format", "xml"), 2, "'xml' is not one of", "pretzel predict --help"),
        (("worker", "--port", "x"), 2, "port: Input should be a valid integer", "pretzel worker --help"),
        (("worker", "--host", "0.0.0.0"), 2, "pass --insecure", "pretzel worker --help"),
        (("control-plane", "--wat"), 2, "unrecognized arguments: --wat", "pretzel control-plane --help"),
        (("control-plane", "--host", "0.0.0.0"), 2, "host '0.0.0.0' is reachable", "pretzel control-plane --help"),
        (("models", "na\udcefve"), 3, "prefix 'na\\udcefve': expected Unicode text", "correct the value"),
        (("describe", "m", "--control", "na\udcefve"), 3, "address 'na\\udcefve': expected", "correct the value"),
        (("models",), 5, "is a server running there", "`pretzel up` starts servers"),
        (("predict", "m"), 5, "is a server running there", "`pretzel up` starts servers"),
    ],
)
def test_failures_are_two_lines(run, no_server, arguments, code: int, problem: str, remedy: str):
    ran = run(*arguments)
    assert ran.code == code
    first, second = ran.err.splitlines()
    assert first.startswith("error: ") and problem in first
    assert second.startswith("help: ") and remedy in second
    assert ran.out == ""


@pytest.mark.parametrize("content", [b"\xff\xff", b"port =", None])
def test_an_invalid_or_missing_file_of_settings(run, monkeypatch, tmp_path, content: bytes | None):
    if content is not None:
        (tmp_path / "pretzel.toml").write_bytes(content)
    monkeypatch.setenv("PRETZEL_CONFIG", str(tmp_path / "pretzel.toml"))
    ran = run("worker")
    problem = "is not TOML" if content else "does not exist"
    assert (ran.code, "PRETZEL_CONFIG: " in ran.err, problem in ran.err) == (2, True, True)


def test_failures_as_json(run, no_server):
    ran = run("models", "--json")
    failure = json.loads(ran.err)["error"]
    assert (ran.code, ran.out, failure["code"]) == (5, "", "UNAVAILABLE")


def test_errors_of_servers_keep_their_message(run, worker, control):
    ran = run("describe", "zz")
    assert (ran.code, ran.err.splitlines()[0]) == (4, "error: no model 'zz'")
    ran = run("predict", "zz", "/dev/null")
    assert (ran.code, ran.err.splitlines()[0]) == (4, "error: no model 'zz'")


@pytest.mark.parametrize("arguments", ["--help", "predict --help"])
def test_a_closed_pipe_ends_a_command_quietly(arguments: str):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pretzel.cli", *arguments.split()]
    ran = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_an_internal_error_shows_no_stack_trace(run, control, monkeypatch):
    monkeypatch.setattr("pretzel.cli.output.print_json", lambda value: 1 / 0)
    ran = run("models", "--json")
    assert (ran.code, json.loads(ran.err)["error"]["message"]) == (1, "ZeroDivisionError: division by zero")
    monkeypatch.setenv("PRETZEL_DEBUG", "1")
    assert "Traceback" in run("models", "--json").err


def test_missing_libraries_of_servers_are_reported(run, monkeypatch):
    def missing():
        raise ModuleNotFoundError("No module named 'structlog'", name="structlog")

    monkeypatch.setattr("pretzel.cli.servers._prepare", missing)
    ran = run("worker")
    assert (ran.code, ran.err.splitlines()[0]) == (7, "error: servers need structlog; pip install 'pretzel[server]'")
