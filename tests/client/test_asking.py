"""Calls of workers are repeated on another connection, within the deadline and the budget."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, repeat
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel import errors
from pretzel.client import Client
from pretzel.client.asking import is_repeatable
from pretzel.client.budget import FEW
from pretzel.client.failures import CancelledByServerError, CutOffError, MismatchError, OtherServiceError
from pretzel.serving.errors import status_of
from tests.client.services import BIG, Worker, X, serving

Aborts = tuple[grpc.StatusCode, str, Any]
RESULT = [3.0, -2.5]


def aborts(error: errors.PretzelError) -> Aborts:
    """Return the status that a worker ends a call with."""
    status = status_of(error)
    return status.code, status.message, status.metadata


def exhausted(retry_after: float | None) -> Aborts:
    error = errors.ExhaustedError("64 requests are queued")
    error.retry_after = retry_after
    return aborts(error)


class Failing(Worker):
    """Ends the next calls with given statuses, and counts the calls of each connection."""

    def __init__(self) -> None:
        super().__init__(m=2, stuck=2)
        self.arrived = threading.Event()
        self.statuses: Iterator[Aborts | None] = iter(())
        self.peers: list[str] = []

    def _maybe_fail(self, context: grpc.ServicerContext) -> None:
        self.peers.append(context.peer())
        self.arrived.set()
        with self._lock:
            status = next(self.statuses, None)
        if status is not None:
            context.set_trailing_metadata(status[2])
            context.abort(*status[:2])


@pytest.fixture
def worker() -> Failing:
    return Failing()


@pytest.fixture
def client(client: Any) -> Any:
    client.describe("m")
    return client


@pytest.fixture
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time earns no retries, and passes fast."""
    monkeypatch.setattr("pretzel.client.budget.PER_SECOND", 0.0)
    monkeypatch.setattr("pretzel.client.asking.LONGEST", 0.01)
    monkeypatch.setattr("pretzel.client.asking.LONGEST_REFUSED", 0.01)


BROKEN = [
    (grpc.StatusCode.CANCELLED, "CANCELLED", ()),
    (grpc.StatusCode.CANCELLED, "Received RST_STREAM with error code 8", ()),
    (grpc.StatusCode.CANCELLED, "too many calls", ()),
    (grpc.StatusCode.UNKNOWN, "Stream removed", ()),
    (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2", ()),
    (grpc.StatusCode.UNAVAILABLE, "recvmsg:Connection reset by peer", ()),
    (grpc.StatusCode.UNAVAILABLE, "", ()),
    aborts(errors.UnavailableError("this worker is draining")),
    aborts(errors.StaleCatalogError("try another worker")),
    exhausted(0.0),
]


@pytest.mark.parametrize("status", BROKEN, ids=lambda status: f"{status[0].name}: {status[1]}")
def test_a_failed_call_is_repeated_on_other_connections(client, worker, status):
    worker.statuses = iter([status] * 3)
    assert client.decision_function("m", X).tolist() == RESULT
    assert len(worker.peers) == len(set(worker.peers)) == 4


@pytest.mark.parametrize("status", [BROKEN[0], BROKEN[3], exhausted(0.0)], ids=lambda status: status[0].name)
def test_pieces_are_repeated_too(client, worker, status):
    worker.statuses = chain([None] * 7, [status], repeat(None))
    assert (client.decision_function("m", BIG) == BIG.sum(axis=1)).all()


@pytest.mark.parametrize(
    "status",
    [
        exhausted(None),
        aborts(errors.InputError("column 'X'")),
        (grpc.StatusCode.UNKNOWN, "an exception of the server", ()),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "full", (("grpc-status-details-bin", b"\xff\xff"),)),
    ],
    ids=["without a hint", "the caller's fault", "a fault of the server", "broken details"],
)
def test_other_failures_are_not_repeated(client, worker, status):
    worker.statuses = repeat(status)
    with pytest.raises(errors.PretzelError, match=status[1]):
        client.decision_function("m", X)
    assert len(worker.peers) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (BROKEN[0], CutOffError),
        (BROKEN[2], CancelledByServerError),
        (BROKEN[3], CutOffError),
        (exhausted(0.0), errors.ExhaustedError),
    ],
    ids=["CANCELLED", "CANCELLED with a message", "UNKNOWN", "RESOURCE_EXHAUSTED"],
)
def test_the_last_failure_is_raised(client, worker, status, kind):
    worker.statuses = repeat(status)
    with pytest.raises(kind, match=status[1]) as caught:
        client.decision_function("m", X)
    assert "not repeated" not in str(caught.value)
    assert len(worker.peers) == 5


def test_the_delay_that_the_server_suggests_is_kept(client, worker):
    worker.statuses = iter([exhausted(0.6)])
    began = time.monotonic()
    assert client.decision_function("m", X).tolist() == RESULT
    assert time.monotonic() - began >= 0.6


def test_a_retry_that_would_end_too_late_is_not_made(client, worker):
    worker.statuses = repeat(exhausted(20.0))
    began = time.monotonic()
    with pytest.raises(errors.ExhaustedError, match="64 requests are queued"):
        client.decision_function("m", X, timeout=10)
    assert time.monotonic() - began < 8
    assert len(worker.peers) == 1


def test_a_deadline_during_a_retry_names_the_last_failure(connect):
    worker = Failing()
    with serving(worker) as port:
        client = connect(f"127.0.0.1:{port}", timeout=30)
        client.describe("stuck")
        worker.statuses = iter([aborts(errors.UnavailableError("it drains"))])
        try:
            with pytest.raises(errors.DeadlineError, match="it drains; the deadline passed"):
                client.predict("stuck", X, timeout=1.0)
        finally:
            worker.release.set()


@pytest.mark.usefixtures("timeless")
def test_retries_end_with_the_budget_and_the_error_says_so(client, worker):
    worker.statuses = repeat(BROKEN[6])
    spent: Counter[bool] = Counter()
    for _ in range(6):
        with pytest.raises(errors.UnavailableError, match="is a server running there") as caught:
            client.decision_function("m", X)
        spent["not repeated: the retries of this client exceed 10% of its calls" in str(caught.value)] += 1
    assert spent == {False: 2, True: 4}  # 4 retries of each of the first two calls, 2 of the third
    assert len(worker.peers) == 6 + FEW


@pytest.mark.usefixtures("timeless")
def test_one_budget_covers_all_calls_of_a_client(connect, worker, address):
    other = connect(address, timeout=30)
    one = connect(address, timeout=30)
    one.describe("m"), other.describe("m")
    worker.statuses = repeat(BROKEN[6])
    for ask in (one.predict, one.predict_proba, one.transform):
        with pytest.raises(errors.UnavailableError, match="is a server running there"):
            ask("m", X)
    with pytest.raises(errors.UnavailableError, match="not repeated"):
        one.predict("m", BIG)
    worker.statuses = iter([BROKEN[6]] * 3)
    assert other.decision_function("m", X).tolist() == RESULT


@pytest.mark.usefixtures("timeless")
@pytest.mark.parametrize("kind", [errors.NoCatalogError, errors.UnavailableError])
def test_a_worker_may_refuse_every_call_next_to_a_healthy_one(kind: type[errors.PretzelError]):
    empty, healthy = Failing(), Worker(m=2)
    empty.statuses = repeat(aborts(kind("try another worker")))
    with ExitStack() as servers:
        ports = [servers.enter_context(serving(each)) for each in (empty, healthy)]
        with Client("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports), timeout=60) as client:
            for _ in range(200):
                assert client.decision_function("m", X).tolist() == RESULT
    assert len(empty.peers) > 3 * FEW


@pytest.mark.usefixtures("timeless")
def test_refusals_by_all_workers_end_with_the_budget(client, worker):
    worker.statuses = repeat(aborts(errors.UnavailableError("it drains")))
    for _ in range(30):
        with pytest.raises(errors.UnavailableError, match="it drains") as caught:
            client.decision_function("m", X)
    assert "not repeated" in str(caught.value)
    assert 6 * 30 < len(worker.peers) < 10 * 30


def test_a_closed_client_is_not_repeated(connect, worker, address, kind):
    if kind == "asyncio":
        pytest.skip("asyncio raises its own error in the caller")
    client = connect(address, timeout=30)
    client.describe("stuck")
    failures: list[Exception] = []

    def call() -> None:
        try:
            client.predict("stuck", np.zeros((1, 2)))
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert worker.arrived.wait(20)
    client.close()
    thread.join(20)
    worker.release.set()
    assert [type(error) for error in failures] == [errors.CancelledError]
    assert len(worker.peers) == 1


@pytest.mark.parametrize("kind", [MismatchError, OtherServiceError, errors.NotFoundError, errors.DeadlineError])
def test_errors_that_no_other_worker_cures(kind: type[errors.PretzelError]):
    assert not is_repeatable(kind("the same everywhere"))
