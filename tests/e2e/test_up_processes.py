"""`pretzel up` as processes: signals, restarts, servers that die, ports that are taken."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pretzel import errors
from tests.e2e.test_balancing import Load
from tests.e2e.trained import IRIS
from tests.e2e.up import PATIENCE, PRETZEL, Up, alive, answers, descendants, started, until


def end(running: Up, kill: Callable[[int, int], None]) -> None:
    """End it by a signal, and check that no process of it is left."""
    below = descendants(running.process.pid)
    assert len(below) >= 3
    kill(running.process.pid, signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    assert alive(below) == []
    assert not answers(running.facts["predictions"]) and not answers(running.facts["control"])


@pytest.mark.long
def test_a_signal_stops_everything_and_a_restart_finds_the_models(tmp_path: Path, trained):
    with started(tmp_path) as running:
        with running.plane() as plane:
            plane.deploy("iris", trained["iris"].estimator)
        end(running, os.kill)
    with started(tmp_path) as running:
        with running.client() as client:
            assert client.predict("iris", IRIS.data).tolist() == trained["iris"].estimator.predict(IRIS.data).tolist()
        end(running, os.killpg)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.long
def test_a_server_that_dies_is_restarted_on_its_port(tmp_path: Path, trained):
    with started(tmp_path) as running, running.plane() as plane, running.client() as client:
        plane.deploy("iris", trained["iris"].estimator)

        def works() -> bool:
            with contextlib.suppress(errors.UnavailableError):
                names = [model.name for model in plane.models()]
                return (names, client.predict("iris", IRIS.data[:1]).tolist()) == (["iris"], ["setosa"])
            return False

        for word in (" control-plane ", " worker "):
            before = server_of(running, word)
            os.kill(before, signal.SIGKILL)
            until(lambda w=word, b=before: server_of(running, w) not in (None, b), f"{word} is started again")
            until(works, f"{word} answers")


def server_of(running: Up, word: str) -> int | None:
    """The child that runs one of the servers."""
    pids = [pid for pid, command in descendants(running.process.pid).items() if word in command]
    return pids[0] if pids else None


@pytest.mark.long
def test_a_worker_killed_under_load_returns_on_its_port(tmp_path: Path, trained):
    with started(tmp_path, "--workers=2") as running, running.plane() as plane:
        plane.deploy("iris", trained["iris"].estimator)
        control = server_of(running, " control-plane ")
        for _ in range(6):
            with Load(running.facts["predictions"], trained["iris"].estimator, [IRIS.data[:1]]) as load:
                until(lambda load=load: load.calls > 200, "the load runs")
                before = server_of(running, " worker ")
                os.kill(before, signal.SIGKILL)
                began = time.monotonic()
                until(lambda b=before: server_of(running, " worker ") not in (None, b), "the worker is started again")
                right = load.calls - len(load.failures)
                until(lambda load=load, r=right: load.calls - len(load.failures) > r + 200, "it answers where it was")
                print(f"answers again after {time.monotonic() - began:.1f} s")
            assert all(isinstance(failure, errors.UnavailableError) for failure in load.failures)
        assert running.process.poll() is None
        assert server_of(running, " control-plane ") == control


def test_nothing_outlives_it(tmp_path: Path):
    with started(tmp_path) as running:
        below = descendants(running.process.pid)
        running.process.kill()
        until(lambda: not alive(below), "all are gone")


def test_a_taken_port_is_reported(tmp_path: Path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        ports = ["--port=0", f"--control-port={port}", "--metrics-port=0", f"--data-dir={tmp_path}"]
        ran = subprocess.run([PRETZEL, "up", *ports], capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 5
    assert f"127.0.0.1:{port}" in ran.stderr and "Traceback" not in ran.stderr
    assert [line.split()[0] for line in ran.stderr.splitlines()[-2:]] == ["error:", "help:"]
    assert ran.stderr.count("error:") == 1 and "--control-port" in ran.stderr
