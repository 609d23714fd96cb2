"""The hot path while models are deployed, replaced, evicted, barred and held."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
import pytest

from pretzel.data_plane.cache.layout import key_of
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.data_plane.transport.framing import PREFIX
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.cache.damage import flip
from tests.data_plane.models import forget, regression
from tests.data_plane.serve.conftest import Serving
from tests.data_plane.transport.peer import Peer, request
from tests.data_plane.transport.peer import message as framed

ROWS = np.arange(6.0).reshape(2, 3)


def message(model: str = "m", *outputs: str) -> bytes:
    columns = columns_to_proto({"x": ROWS})
    return pb.PredictRequest(model=model, columns=columns, outputs=outputs).SerializeToString()


async def ordinary(serving: Serving, model: str = "m") -> bytes:
    return (await serving.stub.Predict(pb.PredictRequest.FromString(message(model)))).SerializeToString()


@pytest.fixture
async def fast(serving: Serving) -> FastPredict:
    await serving.deploy("m", regression(3))
    return FastPredict(serving.router, serving.engine)


async def warm(serving: Serving) -> bytes:
    """Load the plan, and let the cost model measure it; return the response."""
    for _ in range(5):
        answer = await ordinary(serving)
    serving.router.find("m").entry.cost_of(None).rate = 1e-9
    return answer


async def test_a_plan_that_is_not_resident_is_left_to_the_ordinary_path(serving: Serving, fast: FastPredict):
    assert fast.answer(message()) is None
    want = await warm(serving)
    assert fast.answer(message()) == want


async def test_versions_and_aliases(serving: Serving, fast: FastPredict):
    await serving.deploy("m", regression(3, bias=1.0))
    await warm(serving)
    serving.router.find("m@1").entry.cost_of(None).rate = 1e-9
    for model in ("m", "m@1", "m@2", "m:stable"):
        want = await ordinary(serving, model)
        assert fast.answer(message(model)) == want
    assert fast.answer(message("m@3")) is None
    assert fast.answer(message("\ud800".encode("utf-8", "surrogatepass").decode("latin1"))) is None


async def test_an_answer_from_a_changed_file_is_left_to_the_ordinary_path(serving: Serving, fast: FastPredict):
    want = await warm(serving)
    assert fast.answer(message()) == want
    plan = serving.router.find("m").entry.digest
    for _ in range(2):  # the bytes are the old ones again, but another program wrote them
        flip(serving.cache, plan, 8)
    assert fast.answer(message()) is None
    assert await ordinary(serving) == want  # it hashes the plan's objects
    assert fast.answer(message()) == want


async def test_a_new_version_answers_at_once(serving: Serving, fast: FastPredict):
    old = await warm(serving)
    assert fast.answer(message()) == old
    await serving.deploy("m", regression(3, bias=1.0))
    serving.router.find("m").entry.cost_of(None).rate = 1e-9
    new = fast.answer(message())
    assert new == await ordinary(serving)
    assert pb.PredictResponse.FromString(new).version == 2


async def test_a_deleted_model_is_not_answered(serving: Serving, fast: FastPredict):
    await warm(serving)
    assert fast.answer(message())
    await serving.router.apply(Catalog("e", 2, {}))
    assert fast.answer(message()) is None
    serving.router.held = {"m": "its file is damaged"}
    assert fast.answer(message()) is None


async def test_an_evicted_plan_is_released(serving: Serving, fast: FastPredict):
    await warm(serving)
    entry = serving.router.find("m").entry
    assert fast.answer(message()) and fast.answer(message("m", "predict"))
    executable = weakref.ref(next(iter(entry.prepared.values())).executable)
    program = weakref.ref(entry.executable)
    serving.plans.let_go([entry.digest])
    assert fast.answer(message()) is None
    forget()
    gc.collect()
    assert executable() is None and program() is None
    assert fast.answer(message()) is None
    want = await ordinary(serving)
    assert fast.answer(message()) == want


async def test_a_barred_plan_is_not_answered(serving: Serving, fast: FastPredict):
    await warm(serving)
    assert fast.answer(message())
    digest = serving.router.find("m").entry.digest
    serving.plans.bar({key_of(digest): time.monotonic() + 60})
    assert fast.answer(message()) is None


async def test_damaged_objects_are_not_answered_from(serving: Serving, fast: FastPredict):
    await warm(serving)
    entry = serving.router.find("m").entry
    serving.plans.distrust([entry.digest])
    assert fast.answer(message()) is None


async def test_a_change_of_one_model_keeps_what_is_known_of_the_others(
    serving: Serving, fast: FastPredict, monkeypatch: pytest.MonkeyPatch
):
    serving.add("other", regression(4))
    want = await warm(serving)
    assert fast.answer(message()) == want
    await serving.router.apply(serving.catalog())
    monkeypatch.setattr(serving.router, "find", None)
    assert fast.answer(message()) == want


async def test_calls_are_counted_once(serving: Serving, fast: FastPredict):
    await warm(serving)
    calls = serving.tally.calls("Predict", "m")
    counted, rows, runs = sum(calls.buckets), calls.rows, serving.router.find("m").entry.cost_of(None).runs
    before = time.monotonic()
    for _ in range(3):
        assert fast.answer(message())
    assert (sum(calls.buckets) - counted, calls.rows - rows) == (3, 6)
    entry = serving.router.find("m").entry
    assert entry.cost_of(None).runs - runs == 3
    assert entry.used >= before


async def test_choices_of_outputs_are_bounded(serving: Serving, fast: FastPredict):
    await warm(serving)
    entry = serving.router.find("m").entry
    for i in range(300):
        outputs = ["predict" if i >> bit & 1 else "transform" for bit in range(9)]
        assert fast.answer(message("m", *outputs))
        assert len(entry.prepared) <= 64
    assert fast.answer(message("m", *["predict"] * 1000)) is None  # too long for a key


async def test_a_deadline_that_has_passed_is_left_to_the_ordinary_path(serving: Serving, fast: FastPredict):
    await warm(serving)
    assert fast.answer(message(), time.monotonic() - 1) is None
    assert fast.answer(message(), time.monotonic() + 60)


async def test_a_response_that_is_too_large_is_left_to_the_ordinary_path(serving: Serving, fast: FastPredict):
    want = await warm(serving)
    assert FastPredict(serving.router, serving.engine, len(want)).answer(message()) == want
    entry = serving.router.find("m").entry
    assert entry.prepared
    small = FastPredict(serving.router, serving.engine, len(want) - 1)
    answer = small.answer(message())
    assert answer is None


@pytest.mark.parametrize("is_warm", [False, True])
async def test_a_stream_may_end_with_its_only_message(serving: Serving, fast: FastPredict, is_warm: bool):
    """The frame of a message may carry the end of the stream too, on either path."""
    if is_warm:
        await warm(serving)
    body = pb.PredictStreamRequest(id=7, request=pb.PredictRequest.FromString(message())).SerializeToString()
    async with Peer.connected(serving.port) as peer:
        fields = request("", path=b"/pretzel.v1.PredictionService/PredictStream")
        answer = await peer.call(fields, framed(body))
    assert answer.status == 0
    assert pb.PredictStreamResponse.FromString(bytes(answer.data[PREFIX:])).id == 7
