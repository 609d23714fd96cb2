"""Clients balance over several workers on their own, and lose no call when one starts or dies."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import PretzelError, UnavailableError
from tests.e2e.servers import control_plane, free_port, worker

CALL_SECONDS = 20.0
PATIENCE = 60.0
THREADS = 4


class Load:
    """Threads that call continuously, with small and large requests, and record every failure and wrong output."""

    def __init__(self, address: str, estimator: object, inputs: list[np.ndarray]) -> None:
        self.calls, self.failures = 0, []
        self._client = pretzel.Client(address, timeout=CALL_SECONDS)
        self._questions = [(rows, estimator.predict_proba(rows)) for rows in inputs]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(THREADS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(CALL_SECONDS)
        self._client.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _call(self, number: int) -> None:
        while not self._stop.is_set():
            rows, expected = self._questions[number % len(self._questions)]
            number += 1
            try:
                np.testing.assert_allclose(self._client.predict_proba("iris", rows), expected, rtol=1e-6, atol=1e-9)
            except (PretzelError, AssertionError) as problem:
                self.failures.append(problem)
            self.calls += 1


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, for a bounded time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not after {PATIENCE} seconds"
        time.sleep(0.05)


def answers_more(server, rows: int = 200) -> None:
    """Wait until a worker has answered more rows than it has now."""
    before = server.rows()
    until(lambda: server.rows() >= before + rows, f"{server.address} answers")


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), X


@pytest.mark.long
def test_no_call_is_lost_when_workers_start_and_die(tmp_path, iris):
    estimator, X = iris
    # The last is 960 kB: a retried request is held until its response arrives, so it must fit the retry buffer.
    inputs = [X[:1], X[50:53], X, np.tile(X, (200, 1))]
    late = free_port()
    with contextlib.ExitStack() as servers:
        control = servers.enter_context(control_plane(tmp_path / "control"))
        first = servers.enter_context(worker(tmp_path / "first", control))
        second = servers.enter_context(worker(tmp_path / "second", control))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("iris", estimator, sample=X[::10])
        address = f"ipv4:{first.address},{second.address},127.0.0.1:{late}"
        with Load(address, estimator, inputs) as load:
            answers_more(first)
            answers_more(second)
            third = servers.enter_context(worker(tmp_path / "third", control, late))
            answers_more(third)
            first.kill()
            answers_more(second)
            answers_more(third)
    assert load.calls > 100
    assert not load.failures, f"{len(load.failures)} of {load.calls} calls, first {load.failures[0]!r}"


@pytest.mark.long
def test_a_worker_that_missed_a_deployment_denies_no_model(tmp_path, iris):
    """It started from its cache while the control plane was away; another worker has the model."""
    estimator, X = iris
    with contextlib.ExitStack() as servers:
        control = servers.enter_context(control_plane(tmp_path / "control"))
        first = servers.enter_context(worker(tmp_path / "first", control))
        second = servers.enter_context(worker(tmp_path / "second", control))
        with pretzel.ControlPlane(control.address, timeout=PATIENCE) as plane:
            plane.deploy("old", estimator, sample=X[::10])
            first.kill()
            plane.deploy("new", estimator, sample=X[::10])
        control.kill()
        again = servers.enter_context(worker(tmp_path / "first", control))
        with pretzel.Client(again.address, timeout=PATIENCE) as alone:
            np.testing.assert_allclose(alone.predict_proba("old", X), estimator.predict_proba(X), rtol=1e-6)
            with pytest.raises(UnavailableError, match="cannot be reached to check whether it is new"):
                alone.predict_proba("new", X)
        for _ in range(10):
            with pretzel.Client(f"ipv4:{again.address},{second.address}", timeout=PATIENCE) as both:
                np.testing.assert_allclose(both.predict_proba("new", X), estimator.predict_proba(X), rtol=1e-6)
