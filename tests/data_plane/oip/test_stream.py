"""Streams: answers in order, errors between them, and statuses for clients that ask for those."""

from __future__ import annotations

import asyncio

import grpc
import numpy as np
import pytest

from pretzel.data_plane.catalog import Catalog
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.oip.trained import ROWS, estimators

Code = grpc.StatusCode


def numbered(i: int, width: int = 13):
    message = request("wine", "predict", X=ROWS[i % 5 : i % 5 + 2, :width])
    message.id = str(i)
    return message


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
