"""Predictions over real gRPC: requests and results."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse

from pretzel import errors
from pretzel.client import Client
from pretzel.plan.model import OutputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Labels
from tests.client.services import BIG, LABELS, X


def test_every_method_returns_the_results_of_the_estimator(client):
    labels = client.predict("m", X)
    assert (labels.tolist(), labels.dtype) == (["yes", "no"], np.dtype("<U3"))
    assert client.predict_proba("m", X).tolist() == [[-2.0, 3.0], [3.5, -2.5]]
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    features = client.transform("m", X)
    assert isinstance(features, scipy.sparse.csr_matrix)
    assert features.toarray().tolist() == [[1.0, 2.0, 0.0, 0.0], [-3.0, 0.5, 0.0, 0.0]]


def test_infer_takes_columns_and_returns_outputs_by_name(client, worker):
    everything = client.infer("m", {"X": X})
    assert list(everything) == ["predict", "predict_proba", "decision_function", "transform"]
    assert client.infer("m@7", {"X": X}, ["decision_function"])["decision_function"].tolist() == [6003.0, 5997.5]
    assert worker.described == 0


def test_a_description_is_requested_once(client, worker):
    description = client.describe("m")
    assert [o.name for o in description.outputs][:2] == ["predict", "predict_proba"]
    assert description.outputs[0].labels == LABELS
    for _ in range(3):
        client.predict("m", X)
    assert worker.described == 1


def test_empty_input_is_rejected_as_by_the_libraries(client):
    with pytest.raises(errors.InputError, match="X: found 0 samples, while a minimum of 1 is required"):
        client.predict("m", np.zeros((0, 2)))
    assert client.infer("m", {"X": np.zeros((0, 2))}, ["predict"])["predict"].tolist() == []


@pytest.mark.parametrize("method", ["decision_function", "predict", "transform", "predict_proba"])
def test_large_inputs_are_split_and_joined_in_order(client, worker, method: str):
    got = getattr(client, method)("m", BIG)
    whole = client.infer("m", {"X": BIG[:1000]}, [method])[method]
    assert got.shape[0] == len(BIG)
    first = got[:1000]
    assert (first != whole).sum() == 0
    if method == "decision_function":
        assert (got == BIG.sum(axis=1)).all()
    assert 6 < len(worker.sizes)
    assert max(worker.sizes) < 1 << 20


@pytest.mark.parametrize(
    ("model", "rows", "error", "problem"),
    [
        ("nope", X, errors.NotFoundError, "no model 'nope'"),
        ("m", [[1.0, 2.0, 3.0]], errors.InputError, "column 'X': expected 2 features per row, got 3"),
        ("m", [[0.0, 0.0], [-999, 0.0]], errors.InputError, "column 'X': row 1: refused"),
    ],
)
def test_errors_are_pretzel_errors_with_the_servers_message(client, model: str, rows, error: type, problem: str):
    with pytest.raises(error, match=problem):
        client.predict(model, rows)


def test_an_error_in_one_piece_fails_the_call(client):
    spoiled = BIG.copy()
    spoiled[-1, 0] = -999
    with pytest.raises(errors.InputError, match="refused"):
        client.predict("m", spoiled)


def test_an_unknown_method_lists_the_existing_ones(client):
    with pytest.raises(errors.NotFoundError, match="model 'm' has no output 'score'; it has predict, predict_proba"):
        client.score("m", X, "score")


def test_a_new_version_with_another_shape_is_detected(client, worker):
    assert client.decision_function("m", X).tolist() == [3.0, -2.5]
    worker.models["m"], worker.numbers["m"] = 3, 2
    assert client.decision_function("m", [[1, 2, 3]]).tolist() == [1006.0]
    with pytest.raises(errors.InputError, match="expected 3 features per row, got 2"):
        client.decision_function("m", X)


def test_a_new_version_with_the_same_shape_updates_the_description(client, worker):
    client.predict("m", X)
    worker.numbers["m"] = 2
    client.predict("m", X)
    assert worker.described == 1
    client.predict("m", X)
    assert worker.described == 2


def test_one_version_answers_all_pieces_of_an_input(client, worker):
    client.describe("m")
    worker.before_answer = lambda count: worker.numbers.update(m=2 if count > 2 else 1)
    assert (client.decision_function("m", BIG) == BIG.sum(axis=1) + 1000.0).all()


def test_one_client_is_shared_by_many_threads(worker, address):
    def ask(i: int) -> bool:
        x = np.full((1 + i % 5, 2), float(i))
        return (client.decision_function("m", x) == x.sum(axis=1)).all()

    before = threading.active_count()  # other tests of this process have left threads of their own
    with Client(address, timeout=60) as client, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(300)))
        # Calls made one after another share the client's threads; 300 calls start no 300 threads.
        assert threading.active_count() - before < 100


async def test_an_asyncio_client_supports_concurrent_calls(address):
    import asyncio

    from pretzel.client import AsyncClient

    async with AsyncClient(address, timeout=30) as client:
        answers = await asyncio.gather(*(client.decision_function("m", X + i) for i in range(50)))
    assert [a.tolist() for a in answers] == [[3.0 + 2 * i, -2.5 + 2 * i] for i in range(50)]


def test_answers_for_several_targets_are_joined(client, worker):
    scores = {f"predict_log_proba[{i}]": np.full((2, 2), float(i)) for i in range(2)}
    names = {f"predict[{i}]": Labels(np.array([i, 0]), ["no", "maybe"]) for i in range(2)}
    worker.outputs = tuple(
        OutputDescription(name, ValueType("i64") if name in names else ValueType("f64", 2)) for name in scores | names
    )
    worker.distort = lambda outputs: outputs | scores | names
    assert [part.tolist() for part in client.score("m", X, "predict_log_proba")] == [[[0, 0]] * 2, [[1, 1]] * 2]
    assert client.predict("m", X).tolist() == [["no", "maybe"], ["no", "no"]]
    assert client.score("m", X, "predict_log_proba[1]").tolist() == [[1, 1]] * 2
    many = client.predict_many(["m", "sibling"], X, "predict_log_proba")
    assert [part.tolist() for part in many["sibling"]] == [[[0, 0]] * 2, [[1, 1]] * 2]
