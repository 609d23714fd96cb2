"""No call of the SDK is lost while one of two workers is stopped, killed and restarted, nor in a burst."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import pretzel
from tests.e2e.servers import STOP_SECONDS, Server, control_plane, free_port, worker
from tests.e2e.test_balancing import CALL_SECONDS, PATIENCE, answers_more, until
from tests.e2e.trained import IRIS

MODEL = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
EXPECTED = MODEL.predict_proba(IRIS.data)
THREADS, TASKS = 3, 8
BURST = 6000
SIGNALS = (signal.SIGTERM, signal.SIGKILL)


class Load:
    """Threads of a blocking client and tasks of an asyncio client that call until they are stopped."""

    def __init__(self, address: str) -> None:
        self.lost: list[str] = []
        self._address, self._stop = address, threading.Event()
        self._counts = [0] * (THREADS + TASKS)
        self._threads = [threading.Thread(target=self._block), threading.Thread(target=self._await)]

    @property
    def calls(self) -> int:
        return sum(self._counts)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * CALL_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads)

    def _block(self) -> None:
        with pretzel.Client(self._address, timeout=CALL_SECONDS) as client:
            threads = [threading.Thread(target=self._call, args=(client, number)) for number in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _call(self, client: pretzel.Client, number: int) -> None:
        while not self._stop.is_set():
            row = self._next(number)
            try:
                self._check(row, client.predict_proba("iris", IRIS.data[row : row + 1]))
            except Exception as error:
                self.lost.append(repr(error))

    def _await(self) -> None:
        async def run() -> None:
            async with pretzel.AsyncClient(self._address, timeout=CALL_SECONDS) as client:
                await asyncio.gather(*(self._ask(client, THREADS + number) for number in range(TASKS)))

        asyncio.run(run())

    async def _ask(self, client: pretzel.AsyncClient, number: int) -> None:
        while not self._stop.is_set():
            row = self._next(number)
            try:
                self._check(row, await client.predict_proba("iris", IRIS.data[row : row + 1]))
            except Exception as error:
                self.lost.append(repr(error))

    def _next(self, number: int) -> int:
        """Count a call, and return the row that it sends."""
        self._counts[number] += 1
        return self._counts[number] % len(IRIS.data)

    def _check(self, row: int, got: np.ndarray) -> None:
        if not np.allclose(got, EXPECTED[row : row + 1], rtol=1e-6, atol=1e-9):
            self.lost.append(f"a wrong answer for row {row}: {got}")


class Pair:
    """Two workers, each restarted on its port and over its cache."""

    def __init__(self, directory: Path, control: Server, stack: contextlib.ExitStack) -> None:
        self._directory, self._control = directory, control
        self._ports = free_port(), free_port()
        self._stacks = [stack.enter_context(contextlib.ExitStack()) for _ in self._ports]
        self.workers = [self._start(number) for number in range(2)]
        self.address = "ipv4:" + ",".join(up.address for up in self.workers)

    def _start(self, number: int) -> Server:
        up = worker(self._directory / str(number), self._control, self._ports[number])
        return self._stacks[number].enter_context(up)

    def restart(self, number: int, how: signal.Signals) -> None:
        """End a worker, start it again, and wait until it answers."""
        if how == signal.SIGKILL:
            self.workers[number].kill()
        else:
            os.kill(self.workers[number].process.pid, how)
            assert self.workers[number].process.wait(STOP_SECONDS) == 0
        self._stacks[number].close()
        self.workers[number] = self._start(number)
        answers_more(self.workers[number], 20)


@contextlib.contextmanager
def pair(directory: Path) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(control_plane(directory / "control"))
        both = Pair(directory, control, stack)
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", MODEL, sample=IRIS.data[::10])
        yield both


def lose_nothing(directory: Path, rounds: int, calls: int) -> None:
    with pair(directory) as both, Load(both.address) as load:
        answers_more(both.workers[0])
        answers_more(both.workers[1])
        began = time.monotonic()
        for number in range(rounds):
            both.restart(number % 2, SIGNALS[number // 2 % 2])
        until(lambda: load.calls >= calls, f"{calls} calls")
        print(f"{load.calls} calls in {time.monotonic() - began:.0f} s, {rounds} restarts, {len(load.lost)} lost")
    assert not load.lost, f"{len(load.lost)} of {load.calls} calls, first {load.lost[:3]}"


@pytest.mark.long
def test_no_call_is_lost_in_three_restarts(tmp_path: Path):
    lose_nothing(tmp_path, 3, 500)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_no_call_is_lost_in_fifty_restarts(tmp_path: Path):
    lose_nothing(tmp_path, 50, int(os.environ.get("PRETZEL_TEST_CALLS", "20000")))


async def burst(address: str) -> list[Any]:
    async with pretzel.AsyncClient(address, timeout=PATIENCE) as client:
        rows = (IRIS.data[number % 150 : number % 150 + 1] for number in range(BURST))
        return await asyncio.gather(*(client.predict_proba("iris", row) for row in rows), return_exceptions=True)


@pytest.mark.long
@pytest.mark.parametrize("front", ["native", "grpcio"])
def test_no_call_of_a_burst_is_lost(tmp_path: Path, front: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRETZEL_FRONT", front)
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(control_plane(tmp_path / "control"))
        up = stack.enter_context(worker(tmp_path / "worker", control))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", MODEL, sample=IRIS.data[::10])
        answers = asyncio.run(burst(up.address))
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        assert not failures, f"{len(failures)} of {BURST}, first {failures[0]!r}"
        np.testing.assert_allclose(np.concatenate(answers), np.tile(EXPECTED, (BURST // 150, 1)), rtol=1e-6, atol=1e-9)
