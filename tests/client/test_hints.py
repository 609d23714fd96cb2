"""Hints in the parts of responses: an overloaded worker says when a request may succeed."""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration

from pretzel import errors
from pretzel.client import repeating
from pretzel.client.budget import FEW
from pretzel.serving.errors import status_of
from pretzel.v1 import prediction_pb2 as pb
from tests.client.services import BIG, Control, Worker, X, serving

RESULT = [3.0, -2.5]


def full(seconds: float | None = 0.0) -> pb.CallError:
    delay = None if seconds is None else Duration(seconds=int(seconds), nanos=int(1e9 * (seconds % 1)))
    return pb.CallError(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="64 are queued", retry_delay=delay)


@pytest.fixture
def worker() -> Worker:
    return Worker(m=2, sibling=2, third=2)


@pytest.fixture
def client(client: Any) -> Any:
    for model in ("m", "sibling", "third"):
        client.describe(model)
    return client


@pytest.fixture
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time earns no retries, and passes fast."""
    monkeypatch.setattr("pretzel.client.budget.PER_SECOND", 0.0)
    monkeypatch.setattr("pretzel.client.asking.LONGEST", 0.01)


def test_a_piece_is_repeated_after_the_delay(client: Any, worker: Worker):
    worker.call_errors = chain([None] * 3, [full(0.5)], repeat(None))
    began = time.monotonic()
    np.testing.assert_array_equal(client.decision_function("m", BIG), BIG.sum(axis=1))
    assert time.monotonic() - began >= 0.5


def test_a_piece_without_a_hint_is_not_repeated(client: Any, worker: Worker):
    worker.call_errors = iter([full(None)])
    with pytest.raises(errors.ExhaustedError, match="64 are queued") as caught:
        client.decision_function("m", BIG)
    assert caught.value.retry_after is None


def test_only_the_models_that_were_rejected_are_repeated(client: Any, worker: Worker):
    worker.call_errors = iter([None, full(0.4), full(0.2), None, full()])
    began = time.monotonic()
    got = client.predict_many(["m", "sibling", "third"], X, "decision_function")
    assert {name: scores.tolist() for name, scores in got.items()} == dict.fromkeys(("m", "sibling", "third"), RESULT)
    assert time.monotonic() - began >= 0.4
    assert len(worker.sizes) == 3 + 3  # three calls, and an answer of each model


@pytest.mark.usefixtures("timeless")
def test_models_that_stay_rejected_keep_their_errors(client: Any, worker: Worker):
    worker.call_errors = chain([None], repeat(full()))
    got = client.predict_many(["m", "sibling"], X, "decision_function", errors="return")
    assert got["m"].tolist() == RESULT
    assert isinstance(got["sibling"], errors.ExhaustedError) and got["sibling"].retry_after == 0
    assert len(worker.sizes) == 5 + 1


def test_a_delay_beyond_the_deadline_is_not_waited_for(client: Any, worker: Worker):
    worker.call_errors = chain([None, full(60.0)], repeat(None))
    began = time.monotonic()
    got = client.predict_many(["m", "sibling"], X, "decision_function", errors="return", timeout=30)
    assert time.monotonic() - began < 30
    assert got["m"].tolist() == RESULT
    assert isinstance(got["sibling"], errors.ExhaustedError)


@pytest.mark.usefixtures("timeless")
def test_the_budget_bounds_repetitions_of_parts(client: Any, worker: Worker):
    worker.call_errors = repeat(full())
    for _ in range(6):
        got = client.predict_many(["m"], X, "decision_function", errors="return")
    assert "not repeated: the retries of this client exceed 10% of its calls" in str(got["m"])
    assert len(worker.sizes) == 6 + FEW


class Ending(Worker):
    """Answers one call for many models, and then none."""

    def PredictMany(self, request: Any, context: Any) -> Any:
        self.calls += 1
        if self.calls > 1:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no more")
        return super().PredictMany(request, context)


def test_a_failed_repetition_keeps_the_answers(connect: Any):
    worker = Ending(m=2, sibling=2)
    worker.call_errors = iter([None, full()])
    with serving(worker) as port:
        got = connect(f"127.0.0.1:{port}", timeout=30).predict_many(["m", "sibling"], X, "predict", errors="return")
    assert got["m"].tolist() == ["yes", "no"]
    assert isinstance(got["sibling"], errors.ExhaustedError)
    assert worker.calls == 2


class Busy(Control):
    """A control plane whose queue of deployments is full for some calls."""

    def __init__(self, retry_after: float | None, times: int) -> None:
        super().__init__()
        error = errors.ExhaustedError("10 deployments run or wait already; retry later")
        error.retry_after = retry_after
        self._status, self.left, self.calls = status_of(error), times, 0

    def ListModels(self, request: Any, context: Any) -> Any:
        self.calls += 1
        if self.left:
            self.left -= 1
            context.set_trailing_metadata(self._status.metadata)
            context.abort(self._status.code, self._status.message)
        return super().ListModels(request, context)


def test_a_control_plane_that_is_busy_is_asked_again(control: Any):
    busy = Busy(0.2, 2)
    with serving(busy) as port:
        began = time.monotonic()
        assert control(f"127.0.0.1:{port}", timeout=30).models()
        assert time.monotonic() - began >= 0.4
    assert busy.calls == 3


def test_a_control_plane_that_stays_busy(control: Any, monkeypatch: pytest.MonkeyPatch):
    for hint, patience, calls in ((None, 60.0, 1), (0.1, 0.0, 1)):
        monkeypatch.setattr(repeating, "PATIENCE", patience)
        busy = Busy(hint, 1000)
        with serving(busy) as port, pytest.raises(errors.ExhaustedError, match="run or wait already"):
            control(f"127.0.0.1:{port}", timeout=30).models()
        assert busy.calls == calls
