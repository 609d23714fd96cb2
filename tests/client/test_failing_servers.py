"""Predictions with servers that fail, are unavailable, or take too long."""

from itertools import chain, repeat

import grpc
import numpy as np
import pytest

from pretzel import errors
from pretzel.client.failures import OtherServiceError
from tests.client.services import BIG, Worker, X, serving

DOWN = grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.ExhaustedError),
        (grpc.StatusCode.FAILED_PRECONDITION, errors.PreconditionError),
        (grpc.StatusCode.UNIMPLEMENTED, errors.UnsupportedError),
        (grpc.StatusCode.DATA_LOSS, errors.CorruptObjectError),
        (grpc.StatusCode.CANCELLED, errors.CancelledError),
        (grpc.StatusCode.INTERNAL, errors.PretzelError),
        (grpc.StatusCode.PERMISSION_DENIED, errors.PretzelError),
    ],
)
def test_every_status_is_a_pretzel_error(client, worker, code, error):
    client.describe("m")
    worker.failures = repeat(code)
    with pytest.raises(error, match=f"the service says {code.name}"):
        client.predict("m", X)


def test_unavailable_is_retried(client, worker):
    client.describe("m")
    worker.failures = iter([DOWN, DOWN])
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    assert worker.calls == 3


def test_permanent_unavailability_is_reported(client, worker, address):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises(errors.UnavailableError, match=f"{address}: .*is a server running there"):
        client.predict("m", X)


def test_broken_streams_are_resumed(client, worker):
    client.describe("m")
    worker.failures = chain([None] * 7, [DOWN], [None] * 3, [DOWN], repeat(None))
    assert (client.decision_function("m", BIG) == BIG.sum(axis=1)).all()
    assert worker.answered > 7


def test_streams_that_always_fail_raise_an_error(client, worker):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises(errors.UnavailableError):
        client.decision_function("m", BIG)


def test_no_server(connect):
    with serving(Worker()) as port:
        pass
    with pytest.raises(errors.UnavailableError, match=f"127.0.0.1:{port}: .*is a server running"):
        connect(f"127.0.0.1:{port}").predict("m", X)


def test_a_deadline_ends_the_call(client, worker):
    client.describe("stuck")
    try:
        with pytest.raises(errors.DeadlineError, match="timeout="):
            client.predict("stuck", X, timeout=0.2)
    finally:
        worker.release.set()


def test_a_deadline_covers_the_whole_operation(client, worker):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises((errors.DeadlineError, errors.UnavailableError)):
        client.decision_function("m", BIG, timeout=0.3)


def test_the_address_of_the_other_plane_is_reported(control, worker):
    with serving(worker) as port:
        with pytest.raises(OtherServiceError, match="is it the other plane's address"):
            control(f"127.0.0.1:{port}", timeout=60).models()


def test_load_balancing_with_one_address_down(connect):
    with serving(Worker()) as gone:
        pass
    one, other = Worker(m=2), Worker(m=2)
    with serving(one) as first, serving(other) as second:
        client = connect(f"ipv4:127.0.0.1:{gone},127.0.0.1:{first},127.0.0.1:{second}", channels=1, timeout=30)
        for _ in range(40):
            assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    assert one.calls > 5
    assert other.calls > 5


def test_a_restarted_server_is_reached(connect):
    with serving(Worker(m=2)) as port:
        client = connect(f"127.0.0.1:{port}", channels=1, timeout=30)
        client.predict("m", X)
    with serving(Worker(m=2), port):
        assert client.predict("m", X).tolist() == ["yes", "no"]


def test_responses_with_other_outputs_are_rejected(client, worker):
    worker.distort = lambda outputs: {"other": outputs["predict"]}
    for ask in (client.predict, lambda model, rows: client.predict_many([model], rows, "predict")):
        with pytest.raises(errors.PretzelError, match=r"requested outputs \['predict'\], received \[\]"):
            ask("m", X)
    worker.distort = lambda outputs: outputs | {"predict": np.zeros((2, 2, 2))}
    with pytest.raises(errors.PretzelError):
        client.predict("m", X)
