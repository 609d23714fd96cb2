"""No call of the SDK is lost while one of two serving processes on a shared port is stopped, killed and restarted."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pretzel
from pretzel.data_plane.supervise.fleet import STEADY
from tests.e2e.servers import Server, control_plane, server
from tests.e2e.test_balancing import PATIENCE, answers_more, until
from tests.e2e.test_restarts import MODEL, Load
from tests.e2e.trained import IRIS
from tests.e2e.up import descendants

AGE_SECONDS = 3
"""Age at which clients are asked to reconnect: so they come back to processes that were restarted."""
LISTEN = "0A"
"""The state of a listening socket in `/proc/net/tcp`."""


class Shared:
    """A worker with two serving processes on one port."""

    def __init__(self, up: Server, age: float) -> None:
        """End no process before that age: one that dies young is restarted after a pause, which grows."""
        self.up, self._age, self._listeners = up, age, listeners(up.port)
        self._born = dict.fromkeys(self.processes(), time.monotonic())

    def processes(self) -> list[int]:
        """Return the serving processes, oldest first."""
        return sorted(pid for pid, command in descendants(self.up.process.pid).items() if "data_plane.serve" in command)

    def restart(self, pid: int, how: signal.Signals) -> None:
        """End a process, and wait until another has its place."""
        until(lambda: time.monotonic() - self._born[pid] > self._age, "the process is old enough")
        os.kill(pid, how)
        until(lambda: pid not in self.processes() and len(self.processes()) == 2, "the process is restarted")
        until(lambda: listeners(self.up.port) == self._listeners, "both processes listen")
        self._born |= dict.fromkeys({*self.processes()} - self._born.keys(), time.monotonic())
        answers_more(self.up, 20)


def listeners(port: int) -> int:
    """Return the number of sockets that listen on a port; grpcio opens several per process."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] == LISTEN for fields in sockets)


@contextlib.contextmanager
def shared(directory: Path, age: float) -> Iterator[Shared]:
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(control_plane(directory / "control"))
        settings = {"cache_dir": directory / "worker/cache", "control_plane": control.address, "port": 0}
        settings |= {"metrics_port": 0, "workers": 2, "connection_age_seconds": AGE_SECONDS}
        up = stack.enter_context(server("worker", directory / "worker", **settings))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", MODEL, sample=IRIS.data[::10])
        yield Shared(up, age)


def lose_nothing(directory: Path, rounds: int, calls: int, age: float = 0.0) -> None:
    with shared(directory, age) as both, Load(both.up.address) as load:
        answers_more(both.up)
        places, began = both.processes(), time.monotonic()
        assert len(places) == 2
        for number in range(rounds):
            ended = places[number % 2]
            both.restart(ended, (signal.SIGTERM, signal.SIGKILL)[number // 2 % 2])
            (places[number % 2],) = {*both.processes()} - {*places}
        until(lambda: load.calls >= calls, f"{calls} calls")
        print(f"{load.calls} calls in {time.monotonic() - began:.0f} s, {rounds} restarts, {len(load.lost)} lost")
    assert not load.lost, f"{len(load.lost)} of {load.calls} calls, first {load.lost[:3]}"


@pytest.mark.long
@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_no_call_is_lost_in_three_restarts_of_a_process(
    tmp_path: Path, front: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRETZEL_FRONT", front)
    lose_nothing(tmp_path, 3, 500)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_call_is_lost_in_fifty_restarts_of_a_process(tmp_path: Path) -> None:
    lose_nothing(tmp_path, 50, int(os.environ.get("PRETZEL_TEST_CALLS", "20000")), STEADY + 1)
