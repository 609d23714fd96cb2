"""Calls while another program changes the mapped files of their models: no answer comes from changed bytes."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import numpy as np
import pytest

from pretzel.data_plane.residency.sound import TRIES
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.cache.damage import flip
from tests.data_plane.models import expected, forget, regression
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.serve.conftest import Serving

WIDTH = 20_000
ROWS = np.ones((1, WIDTH))
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE.value[0]


@pytest.fixture
def front() -> str:
    """The front without the hot path, which does not use the engine's method that is watched here."""
    return "grpcio"


class Vandal:
    """Another program that acts before each run of the engine, as long as it has acts left."""

    def __init__(self, serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
        self.acts: list[Callable[[], None]] = []
        self.runs = 0
        run = serving.engine.run

        def acting(*arguments, **options):
            self.runs += 1
            if self.acts:
                self.acts.pop(0)()
            return run(*arguments, **options)

        monkeypatch.setattr(serving.engine, "run", acting)


@pytest.fixture
async def vandal(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> Vandal:
    for i in range(2):
        serving.add(f"m{i}", regression(WIDTH, own=i))
    await serving.deploy("m2", regression(WIDTH, own=2))
    forget()
    return Vandal(serving, monkeypatch)


@pytest.fixture
def mended(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> list[Digest]:
    """Replace damaged objects at once, as a supervisor does, and return those that were doubted."""
    doubted: list[Digest] = []
    good = {digest: bytes(serving.cache.fetch(digest)) for digest in serving.cache.digests()}

    def mend(digest: Digest) -> None:
        doubted.append(digest)
        if not serving.cache.recheck(digest):
            serving.cache.add(digest, good[digest])
        serving.plans.trust([digest])

    monkeypatch.setattr(serving.plans, "_doubt", mend)
    return doubted


def weights(serving: Serving, model: int) -> Digest:
    """Return the object that only this model has."""
    plans = [Plan.from_encoded(serving.cache.fetch(serving.models[f"m{i}"].versions[0].plan)) for i in range(3)]
    others = {digest for i, plan in enumerate(plans) for digest in plan.objects if i != model}
    return next(digest for digest in plans[model].objects if digest not in others)


async def test_a_call_over_changed_bytes_is_answered_from_new_ones(
    serving: Serving, vandal: Vandal, mended: list[Digest]
):
    victim = weights(serving, 0)
    vandal.acts = [lambda: flip(serving.cache, victim, 1000)]
    got = await serving.predict("m0", "predict", x=ROWS)
    np.testing.assert_allclose(got["predict"], expected(WIDTH, ROWS, own=0), rtol=1e-12)
    assert vandal.runs == 2
    assert victim in mended


async def test_inference_over_changed_bytes_is_answered_from_new_ones(
    serving: Serving, vandal: Vandal, mended: list[Digest]
):
    victim = weights(serving, 0)
    vandal.acts = [lambda: flip(serving.cache, victim, 1000)]
    asked = request("m0", "predict", x=ROWS)
    got = arrays(await GRPCInferenceServiceStub(serving.channel).ModelInfer(asked, timeout=20))
    np.testing.assert_allclose(got["predict"].ravel(), expected(WIDTH, ROWS, own=0), rtol=1e-12)
    assert vandal.runs == 2
    assert victim in mended


async def test_a_call_whose_bytes_do_not_come_back_is_unavailable(
    serving: Serving, vandal: Vandal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pretzel.data_plane.residency.trust.REPAIR_SECONDS", 0.05)
    victim = weights(serving, 0)
    vandal.acts = [lambda: flip(serving.cache, victim, 1000)]
    with pytest.raises(grpc.aio.AioRpcError, match="is damaged on this worker and is being fetched again") as caught:
        await serving.predict("m0", "predict", x=ROWS)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    got = await serving.predict("m1", "predict", x=ROWS)  # has none of it
    np.testing.assert_allclose(got["predict"], expected(WIDTH, ROWS, own=1), rtol=1e-12)


async def test_bytes_that_come_and_go_are_never_answered_from(serving: Serving, vandal: Vandal, mended: list[Digest]):
    victim = weights(serving, 0)
    await serving.predict("m0", "predict", x=ROWS)
    vandal.runs = 0

    def twice() -> None:
        flip(serving.cache, victim, 1000)
        flip(serving.cache, victim, 1000)

    vandal.acts = [twice] * (TRIES - 1)
    got = await serving.predict("m0", "predict", x=ROWS)
    np.testing.assert_allclose(got["predict"], expected(WIDTH, ROWS, own=0), rtol=1e-12)
    assert vandal.runs == TRIES
    vandal.acts = [twice] * TRIES
    with pytest.raises(grpc.aio.AioRpcError, match="another program keeps changing its files"):
        await serving.predict("m0", "predict", x=ROWS)
    assert mended == []


async def test_many_models_in_one_call_are_checked_separately(serving: Serving, vandal: Vandal, mended: list[Digest]):
    victim = weights(serving, 1)
    vandal.acts = [lambda: flip(serving.cache, victim, 1000)]
    request = pb.PredictManyRequest(models=["m0", "m1", "m2"], columns=columns_to_proto({"x": ROWS}))
    results = (await serving.stub.PredictMany(request)).results
    for i, result in enumerate(results):
        got = columns_from_proto(result.response.columns)["predict"]
        np.testing.assert_allclose(got, expected(WIDTH, ROWS, own=i), rtol=1e-12)
    assert vandal.runs == 2  # together, then the one alone
    assert victim in mended


async def test_many_models_of_which_one_is_lost(serving: Serving, vandal: Vandal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.data_plane.residency.trust.REPAIR_SECONDS", 0.05)
    vandal.acts = [lambda: flip(serving.cache, weights(serving, 1), 1000)]
    request = pb.PredictManyRequest(models=["m0", "m1", "m2"], columns=columns_to_proto({"x": ROWS}))
    results = (await serving.stub.PredictMany(request)).results
    assert [result.error.code for result in results] == [0, UNAVAILABLE, 0]


async def test_a_stream_is_checked_too(serving: Serving, vandal: Vandal, mended: list[Digest]):
    vandal.acts = [lambda: flip(serving.cache, weights(serving, 0), 1000)]
    request = pb.PredictRequest(model="m0", columns=columns_to_proto({"x": ROWS}), outputs=["predict"])
    stream = serving.stub.PredictStream()
    await stream.write(pb.PredictStreamRequest(id=1, request=request))
    answer = await stream.read()
    await stream.done_writing()
    got = columns_from_proto(answer.response.columns)["predict"]
    np.testing.assert_allclose(got, expected(WIDTH, ROWS, own=0), rtol=1e-12)


async def test_a_call_that_runs_when_damage_is_reported_runs_again(
    serving: Serving, vandal: Vandal, mended: list[Digest]
):
    """The scrubber finds damage that left no trace in the times of a file."""
    victim = weights(serving, 0)

    def report() -> None:
        serving.plans.distrust([victim])
        serving.plans.trust([victim])

    vandal.acts = [report]
    got = await serving.predict("m0", "predict", x=ROWS)
    np.testing.assert_allclose(got["predict"], expected(WIDTH, ROWS, own=0), rtol=1e-12)
    assert vandal.runs == 2
    assert mended == []
