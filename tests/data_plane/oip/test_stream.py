"""Streams: answers in order, errors between them, and statuses for clients that ask for those."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.data_plane.cache import proof
from pretzel.data_plane.catalog import Catalog
from pretzel.inference import service_pb2 as pb
from tests.data_plane.models import refusing
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.oip.trained import ROWS, estimators

Code = grpc.StatusCode


def numbered(i: int, width: int = 13):
    message = request("wine", "predict", X=ROWS[i % 5 : i % 5 + 2, :width])
    message.id = str(i)
    return message


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as settled at once: the hot path waits for that, and tests write them just before."""
    monkeypatch.setattr(proof, "SETTLE_SECONDS", 0.0)


@pytest.fixture
async def serving(tmp_path: Path, front: str) -> AsyncIterator[Inferring]:
    serving = Inferring(tmp_path, queue=1024, front=front)
    await serving.start("wine")
    yield serving
    await serving.stop()


async def warm(serving: Inferring, rate: float = 1e-9) -> None:
    """Load the plan of the requests; ``rate`` is its expected cost."""
    for _ in range(5):
        await serving.oip.ModelInfer(numbered(0), timeout=20)
    serving.router.find("wine").entry.cost_of(("predict",)).rate = rate


async def test_answers_come_in_order(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20)
    for i in range(50):
        await call.write(numbered(i))
    await call.done_writing()
    answers = [answer async for answer in call]
    assert [answer.infer_response.id for answer in answers] == [str(i) for i in range(50)]
    for i, answer in enumerate(answers):
        assert answer.error_message == ""
        assert answer.infer_response.parameters["triton_final_response"].bool_param
        want = estimators()["wine"].predict(ROWS[i % 5 : i % 5 + 2])
        np.testing.assert_array_equal(arrays(answer.infer_response)["predict"].ravel(), want)
    assert await call.code() is Code.OK


async def test_an_error_does_not_end_the_stream(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20)
    for message in numbered(0), numbered(1, width=5), numbered(2):
        await call.write(message)
    await call.done_writing()
    first, second, third = [answer async for answer in call]
    assert "unexpected shape for input 'X' for model 'wine'" in second.error_message
    assert second.infer_response.id == "1" and not second.infer_response.outputs
    assert not first.error_message and not third.error_message
    assert serving.tally.errors["ModelStreamInfer", "wine", "INVALID_ARGUMENT"] == 1


async def test_a_status_for_a_client_that_asks_for_it(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20, metadata=[("triton_grpc_error", "true")])
    await call.write(numbered(0))
    assert (await call.read()).infer_response.id == "0"
    await call.write(numbered(1, width=5))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is Code.INVALID_ARGUMENT
    assert "unexpected shape" in (caught.value.details() or "")


@pytest.mark.parametrize("rate", [1e-9, 1.0], ids=["on the event loop", "on a thread"])
async def test_both_paths_answer_one_stream(serving: Inferring, rate: float):
    """Usual requests take the hot path of the native front, and the others the ordinary one, in order."""
    await warm(serving, rate)
    messages = [numbered(i) for i in range(40)]
    for i, message in enumerate(messages):
        if i % 4 == 3:
            message.parameters["own"].int64_param = i  # which only the ordinary path reads
    served = serving.inference.backend.statistics.of(serving.router.find("wine").version)
    before = served.counted.all.count
    answers = [answer async for answer in serving.oip.ModelStreamInfer(iter(messages), timeout=20)]
    assert served.counted.all.count - before == 40
    for message, answer in zip(messages, answers, strict=True):
        want = await serving.oip.ModelInfer(message, timeout=20)
        want.parameters["triton_final_response"].bool_param = True
        assert answer == pb.ModelStreamInferResponse(infer_response=want)


async def test_usual_messages_take_the_hot_path(serving: Inferring, front: str):
    await warm(serving)
    found = serving.inference.fast.answer_streamed(numbered(1).SerializeToString())
    call = serving.oip.ModelStreamInfer(iter([numbered(1)]), timeout=20)
    assert [answer.SerializeToString() async for answer in call] == [found]
    if front == "native":
        serving.inference._inference = None  # type: ignore[assignment]  # the ordinary path is gone
        call = serving.oip.ModelStreamInfer(iter([numbered(i) for i in range(10)]), timeout=20)
        assert not any([answer.error_message async for answer in call])


async def test_a_request_that_fails_on_a_thread_is_answered_and_counted_once(serving: Inferring):
    await serving.deploy("strict", refusing(3))
    bad, good = (request("strict", x=rows) for rows in (np.full((1, 3), np.nan), np.ones((1, 3))))
    await serving.oip.ModelInfer(good, timeout=20)
    serving.router.find("strict").entry.cost_of(None).rate = 1.0
    answers = [answer async for answer in serving.oip.ModelStreamInfer(iter([bad, good]), timeout=20)]
    assert answers[0].error_message.startswith("model 'strict': ") and not answers[1].error_message
    served = serving.inference.backend.statistics.of(serving.router.find("strict").version)
    assert served.counted.fails == 1
    assert dict(serving.tally.errors) == {("ModelStreamInfer", "strict", "INVALID_ARGUMENT"): 1}


async def test_a_message_that_is_none_ends_the_stream(serving: Inferring):
    call = serving.channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")(timeout=20)
    await call.write(b"\x07")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is Code.INVALID_ARGUMENT
    assert "cannot parse the request" in (caught.value.details() or "")
    assert dict(serving.tally.errors) == {("ModelStreamInfer", "other", "INVALID_ARGUMENT"): 1}


async def test_a_worker_without_a_catalog_ends_the_stream(serving: Inferring):
    await serving.router.apply(Catalog())
    call = serving.oip.ModelStreamInfer(timeout=20)
    await call.write(numbered(0))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is Code.UNAVAILABLE


async def test_a_drain_ends_idle_streams(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20)
    await call.write(numbered(0))
    await call.read()
    async with asyncio.timeout(10):
        await serving.server.drain(5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is Code.UNAVAILABLE


async def test_a_large_answer(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20)
    rows = np.repeat(ROWS, 2000, axis=0)
    await call.write(request("wine", "decision_function", X=rows))
    answer = await call.read()
    got = arrays(answer.infer_response)["decision_function"]
    np.testing.assert_allclose(got, estimators()["wine"].decision_function(rows), rtol=1e-6)
    call.cancel()
