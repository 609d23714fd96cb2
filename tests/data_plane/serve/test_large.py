"""Large responses: rejected by size before they are computed, and packed off the event loop, byte for byte."""

from __future__ import annotations

import asyncio
import resource
import time

import grpc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.measure.counters import Calls
from pretzel.data_plane.residency.plans import Entry
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.serve.packing import LARGE, Packer, result_field, result_of, streamed
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr, Labels, Texts
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.control import version
from tests.data_plane.serve.conftest import Serving

Code = grpc.StatusCode


def wide(width: int) -> Definition:
    """A number times many."""
    ones = Parameter.of(np.ones((1, width)))
    return Definition({"transform": ops.Linear(ops.Input("x", "f64[1]"), ones, Parameter.of(np.zeros(width)))})


def route() -> Route:
    return Route(version("m", 3, Digest.of(b"plan")), Entry(Digest.of(b"plan")), Calls())


LONG = LARGE // 8 + 1
values = st.sampled_from(
    [
        np.arange(LONG, dtype=np.float64),
        np.arange(2 * LONG, dtype=np.float64).reshape(-1, 2)[:, ::-1],  # not contiguous
        np.zeros((LONG, 0)),
        np.zeros(0, np.int32),
        np.arange(LONG, dtype=np.uint8).reshape(-1, 1),
        np.ones(3, bool),
        Labels(np.zeros(LONG, np.int64), np.array(["a", "größer"])),
        Labels(np.array([1, 0]), np.array([2.5, -1.0])),
        Texts.of(["", "größer", None]),
        Csr.of(np.eye(4)),
    ]
)
outputs = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), values, max_size=4)


@given(outputs, st.integers(0, 2**64 - 1))
def test_protobuf_reads_the_written_bytes(results, request):
    small, large = Packer(route(), 1 << 40), Packer(route(), 1 << 40)
    answer = large(results | {"large": np.arange(LONG, dtype=np.float64)})
    assert isinstance(answer, bytes)
    read = pb.PredictResponse.FromString(answer)
    assert (read.model, read.version) == ("m", 3)
    want = columns_to_proto(results | {"large": np.arange(LONG, dtype=np.float64)})
    assert list(read.columns) == want
    part = pb.PredictStreamResponse.FromString(streamed(request, answer))
    assert (part.id, part.response) == (request, read)
    message = small({"y": np.ones(2)})
    parts = [*result_field(result_of(answer)), *result_field(result_of(message))]
    many = pb.PredictManyResponse.FromString(b"".join(parts))
    assert [result.response for result in many.results] == [read, message]


async def refused(call) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED
    return caught.value.details()


async def test_a_small_request_for_a_large_response_is_rejected_before_it_is_computed(serving: Serving):
    await serving.deploy("m", wide(2_000_000))
    rows = np.ones((40, 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = await refused(serving.predict("m", x=rows))
    assert "for 40 rows, 67108864 allowed (max_message_bytes); send fewer rows or ask for fewer outputs" in message
    assert f"the response takes {40 * 16_000_000 + 16} bytes" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB, of 625 000
    assert serving.tally.rejected == {"answer_bytes": 1}


async def test_streams_and_calls_to_many_models_reject_alike(serving: Serving):
    for name in ("m", "n"):
        await serving.deploy(name, wide(2_000_000))
    columns = columns_to_proto({"x": np.ones((40, 1))})
    stream = serving.stub.PredictStream()
    await stream.write(pb.PredictStreamRequest(id=5, request=pb.PredictRequest(model="m", columns=columns)))
    answer = await stream.read()
    assert (answer.id, answer.error.code) == (5, Code.RESOURCE_EXHAUSTED.value[0])
    assert "max_message_bytes" in answer.error.message
    await stream.done_writing()
    many = await serving.stub.PredictMany(pb.PredictManyRequest(models=["m", "n"], columns=columns))
    assert [result.error.code for result in many.results] == [Code.RESOURCE_EXHAUSTED.value[0]] * 2


async def test_a_large_response_arrives_whole_and_the_loop_keeps_running(serving: Serving):
    await serving.deploy("m", wide(1_000_000))
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{serving.port}", options=[("grpc.max_receive_message_length", -1)])
    request = pb.PredictRequest(model="m", columns=columns_to_proto({"x": np.arange(7.0)[:, None]}))
    call = channel.unary_unary(
        "/pretzel.v1.PredictionService/Predict", request_serializer=pb.PredictRequest.SerializeToString
    )
    answer = pb.PredictResponse.FromString(await call(request, timeout=30))
    values = columns_from_proto(answer.columns)["transform"]
    np.testing.assert_array_equal(values, np.arange(7.0)[:, None] * np.ones(1_000_000))
    await channel.close()


async def test_packing_leaves_the_event_loop_free():
    results = {"transform": np.ones((7, 1_000_000))}
    Packer(route(), 1 << 40)(results)
    held, stop = [0.0], asyncio.Event()

    async def watch() -> None:
        while not stop.is_set():
            before = time.monotonic()
            await asyncio.sleep(0)
            held.append(time.monotonic() - before)

    watching = asyncio.create_task(watch())
    answer = await asyncio.to_thread(Packer(route(), 1 << 40), results)
    assert len(answer) > 56_000_000
    stop.set()
    await watching
    assert len(held) > 20  # the loop ran while the bytes were copied
