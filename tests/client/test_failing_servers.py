"""What a prediction does when servers fail, are away, or take too long."""

from itertools import chain, repeat

import grpc
import numpy as np
import pytest

from pretzel import errors
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
def test_every_status_is_an_error_of_ours(client, worker, code, error):
    client.describe("m")
    worker.failures = repeat(code)
    with pytest.raises(error, match=f"the service says {code.name}"):
        client.predict("m", X)


def test_unavailable_is_tried_again(client, worker):
    client.describe("m")
    worker.failures = iter([DOWN, DOWN])
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    assert worker.calls == 3


def test_unavailable_for_good_is_said(client, worker, address):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises(errors.UnavailableError, match=f"{address}: .*is a server running there"):
        client.predict("m", X)


def test_streams_that_break_are_taken_up_again(client, worker):
    client.describe("m")
    worker.failures = chain([None] * 7, [DOWN], [None] * 3, [DOWN], repeat(None))
    assert (client.decision_function("m", BIG) == BIG.sum(axis=1)).all()
    assert worker.answered > 7


def test_streams_that_never_stand_end_with_an_error(client, worker):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises(errors.UnavailableError):
        client.decision_function("m", BIG)


def test_no_server(connect):
    with serving(Worker()) as port:
        pass
    with pytest.raises(errors.UnavailableError, match=f"127.0.0.1:{port}: .*is a server running"):
        connect(f"127.0.0.1:{port}").predict("m", X)


def test_deadlines_end_the_call(client, worker):
    client.describe("stuck")
    try:
        with pytest.raises(errors.DeadlineError, match="timeout="):
            client.predict("stuck", X, timeout=0.2)
    finally:
        worker.release.set()


def test_a_deadline_counts_all_of_an_operation(client, worker):
    client.describe("m")
    worker.failures = repeat(DOWN)
    with pytest.raises((errors.DeadlineError, errors.UnavailableError)):
        client.decision_function("m", BIG, timeout=0.3)


def test_the_other_planes_address_is_told(control, worker):
    with serving(worker) as port:
        with pytest.raises(errors.UnavailableError, match="is it the other plane's address"):
            control(f"127.0.0.1:{port}", timeout=60).models()


def test_balancing_over_several_addresses_one_of_them_down(connect):
    with serving(Worker()) as gone:
        pass
    one, other = Worker(m=2), Worker(m=2)
    with serving(one) as first, serving(other) as second:
        client = connect(f"ipv4:127.0.0.1:{gone},127.0.0.1:{first},127.0.0.1:{second}", channels=1, timeout=30)
        for _ in range(40):
            assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    assert one.calls > 5
    assert other.calls > 5


def test_a_server_that_comes_back_is_found(connect):
    with serving(Worker(m=2)) as port:
        client = connect(f"127.0.0.1:{port}", channels=1, timeout=30)
        client.predict("m", X)
    with serving(Worker(m=2), port):
        assert client.predict("m", X).tolist() == ["yes", "no"]


def test_a_server_that_answers_something_else_is_not_believed(client, worker):
    worker.distort = lambda outputs: {"other": outputs["predict"]}
    for ask in (client.predict, lambda model, rows: client.predict_many([model], rows, "predict")):
        with pytest.raises(errors.PretzelError, match=r"requested outputs \['predict'\], received \[\]"):
            ask("m", X)
    worker.distort = lambda outputs: outputs | {"predict": np.zeros((2, 2, 2))}
    with pytest.raises(errors.PretzelError):
        client.predict("m", X)
