"""Calls of a split alias on both fronts: which version answers, on the hot path and the ordinary one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.traffic.fork import seed
from pretzel.inference import service_pb2 as inference_pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from pretzel.plan.digest import Digest
from pretzel.plan.traffic import SLOTS
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import regression
from tests.data_plane.oip.messages import request as infer_request
from tests.data_plane.serve.conftest import Serving

ROWS = np.arange(6.0).reshape(2, 3)
CALLS = 60


async def split(serving: Serving, *runs: tuple[int, int], alias: str = "stable") -> None:
    model = serving.models["m"]
    aliases = {**model.aliases, alias: runs[0][0]}
    traffic = {**model.traffic, alias: runs} if len(runs) > 1 else {}
    serving.models["m"] = replace(model, aliases=aliases, traffic=traffic)
    await apply(serving)


async def apply(serving: Serving) -> dict[str, str]:
    catalog = serving.catalog()
    return await serving.router.apply(replace(catalog, revision=serving.router.catalog.revision + 1))


@pytest.fixture
async def two(serving: Serving) -> Serving:
    await serving.deploy("m", regression(3))
    await serving.deploy("m", regression(3, bias=1.0))
    await split(serving, (1, 5000), (2, 5000))
    return serving


def asked(model: str = "m") -> pb.PredictRequest:
    return pb.PredictRequest(model=model, columns=columns_to_proto({"x": ROWS}), outputs=["predict"])


def keyed(i: int) -> Any:
    return [("pretzel-route-key", f"user-{i}")]


async def versions(serving: Serving, model: str = "m") -> list[int]:
    """Return the version that answers each of some keys, after both plans are resident and known to be cheap."""
    return [(await serving.stub.Predict(asked(model), metadata=keyed(i))).version for i in range(CALLS)]


async def test_a_key_takes_the_same_version_by_every_method(two: Serving):
    first = await versions(two)
    assert 0.25 * CALLS < Counter(first)[1] < 0.75 * CALLS
    assert await versions(two) == first == await versions(two, "m:stable")
    tensors = GRPCInferenceServiceStub(two.channel)
    for i in range(0, CALLS, 5):
        many = await two.stub.PredictMany(
            pb.PredictManyRequest(models=["m", "m:stable", "m@1", "m"], columns=columns_to_proto({"x": ROWS})),
            metadata=keyed(i),
        )
        assert [result.response.version for result in many.results] == [first[i], first[i], 1, first[i]]
        sent = infer_request("m", "predict", x=ROWS)
        answer: inference_pb.ModelInferResponse = await tensors.ModelInfer(sent, metadata=keyed(i))
        assert int(answer.model_version) == first[i]
        stream = two.stub.PredictStream(metadata=keyed(i))
        for number in range(3):
            await stream.write(pb.PredictStreamRequest(id=number, request=asked()))
        await stream.done_writing()
        assert [part.response.version async for part in stream] == [first[i]] * 3


async def test_the_answer_is_that_of_its_version(two: Serving):
    for i in range(10):
        answer = await two.stub.Predict(asked(), metadata=keyed(i))
        want = await two.stub.Predict(asked(f"m@{answer.version}"))
        assert answer.columns == want.columns


async def test_the_hot_path_takes_the_version_of_the_ordinary_one(two: Serving):
    first = await versions(two)
    for number in (1, 2):
        two.router.find(f"m@{number}").entry.cost_of(None).rate = 1e-9
    data, found = asked().SerializeToString(), []
    for i in range(CALLS):
        answer = two.service.fast.answer(data, 0.0, _Origin(i))
        found.append(pb.PredictResponse.FromString(answer).version if isinstance(answer, bytes) else first[i])
    assert found == first


class _Origin:
    def __init__(self, i: int) -> None:
        self.i = i

    def route_key(self) -> bytes:
        return f"user-{self.i}".encode()


async def test_a_version_that_is_not_resident_keeps_its_share(two: Serving):
    """Leave a call to the ordinary path: it must not draw again, else the resident version gets more than its share."""
    await versions(two)
    seed(5)
    split, data = two.router.find("m").fork, asked().SerializeToString()
    assert split is not None
    counts: Counter[int] = Counter()
    for _ in range(200):
        two.plans.let_go([two.router.find("m@2").entry.digest])
        origin = _Random()
        answer: Any = two.service.fast.answer(data, 0.0, origin)
        if answer is not None and not isinstance(answer, bytes):
            answer = await answer
        taken = split.pick(origin).version.version  # by the ordinary path, if the hot one has left it the call
        assert answer is None or pb.PredictResponse.FromString(answer).version == taken == 1
        counts[taken] += 1
    assert counts[2] == pytest.approx(100, rel=0.2)  # a fixed sequence


class _Random:
    def route_key(self) -> None:
        return None


async def test_random_calls_reach_both_versions(two: Serving):
    seed(7)
    counts = Counter([(await two.stub.Predict(asked())).version for _ in range(CALLS)])
    assert min(counts[1], counts[2]) > CALLS // 5  # a fixed sequence


async def test_a_new_split_waits_for_its_plans(two: Serving):
    await versions(two)
    two.add("m", regression(3, bias=2.0))
    model = two.models["m"]
    two.models["m"] = replace(model, aliases={"stable": 1}, traffic={"stable": ((1, 5000), (3, 5000))})
    assert await apply(two) == {}
    assert two.router.find("m").fork.branches[1].entry.executable is not None  # it was loaded before the change
    assert set(await versions(two)) == {1, 3}


async def test_a_version_that_cannot_be_loaded_gets_no_calls(two: Serving):
    before = await versions(two)
    two.add("m", regression(3, bias=3.0))
    broken = replace(two.models["m"].versions[-1], plan=Digest.of(b"missing"))
    model = replace(two.models["m"], versions=(*two.models["m"].versions[:-1], broken))
    two.models["m"] = replace(model, aliases={"stable": 1}, traffic={"stable": ((1, 5000), (3, 5000))})
    problems = await apply(two)
    assert problems.keys() == {"m"}
    assert await versions(two) == before
    await split(two, (2, SLOTS))
    assert set(await versions(two)) == {2}


async def test_a_split_that_ends_sends_all_calls_to_one(two: Serving):
    await versions(two)
    await split(two, (2, SLOTS))
    assert set(await versions(two)) == {2}


async def test_the_memory_of_a_split_is_counted_and_given_back(two: Serving):
    await versions(two)
    split_bytes = two.plans.ledger.bytes
    await split(two, (2, SLOTS))
    await versions(two)
    assert split_bytes - two.plans.ledger.bytes > SLOTS


async def test_a_description_is_that_of_the_alias(two: Serving):
    for i in range(5):
        described = await two.stub.DescribeModel(pb.DescribeModelRequest(model="m"), metadata=keyed(i))
        assert described.description.version.version == 1
