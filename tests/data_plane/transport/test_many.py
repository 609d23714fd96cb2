"""Many models on the hot path: the results of the ordinary path, or the same values in blocks."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import numpy as np
import pytest

from pretzel.client.blocks import Answered, parts_of
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.data_plane.transport.many import FastMany
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Labels
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import refusing, regression, scaled, vector
from tests.data_plane.serve.conftest import Serving

SIBLINGS = [f"m{i}" for i in range(30)]


def labelled(own: int, *labels: str) -> Definition:
    score = ops.Linear(scaled(3), vector(3, 1000 + own), Parameter.of(np.zeros(1)))
    return Definition({"predict": ops.LabelLookup(ops.Threshold(score, 0.0), Parameter.of(list(labels)))})


@pytest.fixture
async def fast(serving: Serving) -> FastMany:
    for i, name in enumerate(SIBLINGS):
        serving.add(name, regression(3, own=i))
    for i in range(3):
        serving.add(f"yes{i}", labelled(i, "no", "yes"))
        serving.add(f"ja{i}", labelled(i, "nein", "ja"))
    await serving.deploy("strict", refusing())
    return FastMany(serving.router, serving.plans, serving.service.joint, serving.engine, serving.tally)


def request(models: list[str], rows: np.ndarray, *outputs: str, matrix: bool = False) -> pb.PredictManyRequest:
    return pb.PredictManyRequest(models=models, columns=columns_to_proto({"x": rows}), outputs=outputs, matrix=matrix)


async def both(serving: Serving, fast: FastMany, asked: pb.PredictManyRequest) -> tuple[Any, Any]:
    """Return the responses of the ordinary path and of the hot one."""
    want = await serving.stub.PredictMany(asked)
    for entry in {serving.router.find(name).entry for name in asked.models}:
        assert entry.executable
    found = fast.answer(asked.SerializeToString())
    if found is not None and not isinstance(found, bytes):  # a busy machine makes the first runs look expensive
        found = await found
    return want, pb.PredictManyResponse.FromString(found) if found is not None else None


def plain(part: Any) -> Any:
    assert isinstance(part, Answered)
    values = {
        name: [list(value.labels), value.codes.tolist()] if isinstance(value, Labels) else value.tolist()
        for name, value in part.values.items()
    }
    return part.version, values


def alike(want: Any, found: Any, count: int) -> bool:
    return list(map(plain, parts_of(want, count, 0))) == list(map(plain, parts_of(found, count, 0)))


@pytest.mark.parametrize("rows", [0, 1, 2, 300])
async def test_results_are_those_of_the_ordinary_path(serving: Serving, fast: FastMany, rows: int):
    x = np.random.default_rng(0).normal(size=(rows, 3))
    for outputs in ((), ("predict",), ("transform", "predict")):
        want, found = await both(serving, fast, request([*SIBLINGS, "m3"], x, *outputs))
        assert found == want


@pytest.mark.parametrize("rows", [0, 1, 2, 300])
async def test_siblings_are_one_matrix(serving: Serving, fast: FastMany, rows: int):
    x = np.random.default_rng(0).normal(size=(rows, 3))
    for outputs in ((), ("predict",), ("transform", "predict")):
        names = [*SIBLINGS, "m3"]
        want, found = await both(serving, fast, request(names, x, *outputs, matrix=True))
        assert not found.results
        (block,) = found.blocks
        assert list(block.models) == list(range(31))
        assert block.columns[0].rows == 31 * rows
        assert found == want
        plain_answer = await serving.stub.PredictMany(request(names, x, *outputs))
        assert not plain_answer.blocks and alike(plain_answer, found, 31)


async def test_models_with_other_labels_are_in_another_block(serving: Serving, fast: FastMany, rows: np.ndarray):
    names = ["yes0", "ja0", "yes1", "ja1", "ja2"]
    want, found = await both(serving, fast, request(names, rows, "predict", matrix=True))
    assert [list(block.models) for block in found.blocks] == [[0, 2], [1, 3, 4]]
    assert found == want
    want, found = await both(serving, fast, request(["yes0", "ja0", "yes1"], rows, "predict", matrix=True))
    assert ([list(block.models) for block in found.blocks], len(found.results)) == ([[0, 2]], 1)
    assert found == want
    assert alike(await serving.stub.PredictMany(request(["yes0", "ja0", "yes1"], rows, "predict")), found, 3)


async def test_models_that_fail_have_their_error_next_to_the_matrix(serving: Serving, fast: FastMany, rows: np.ndarray):
    asked = request(["gone", "m0", "strict", "m1", "m0@9"], np.full((2, 3), np.nan), "predict", matrix=True)
    for _ in range(2):
        assert fast.answer(asked.SerializeToString()) is None
        answer = await serving.stub.PredictMany(asked)
        assert [list(block.models) for block in answer.blocks] == [[1, 3]]
        assert [result.error.code for result in answer.results] == [5, 3, 5]
        parts = parts_of(answer, 5, 0)
        assert [isinstance(part, Answered) for part in parts] == [False, True, False, True, False]


async def test_a_list_is_taken_once_it_has_run(serving: Serving, fast: FastMany, rows: np.ndarray):
    asked = request(SIBLINGS, rows, "predict").SerializeToString()
    assert fast.answer(asked) is None
    want, found = await both(serving, fast, request(SIBLINGS, rows, "predict"))
    assert found == want


@pytest.mark.parametrize("names", [["m0"], ["m0", "m0"], ["m0", "gone"], ["m0", "m1@7"], []])
async def test_other_lists_are_left_to_the_ordinary_path(
    serving: Serving, fast: FastMany, rows: np.ndarray, names: list[str]
):
    await serving.stub.PredictMany(request(names, rows))
    assert fast.answer(request(names, rows).SerializeToString()) is None


async def test_a_list_that_takes_long_to_prepare(serving: Serving, fast: FastMany, rows: np.ndarray, monkeypatch):
    asked = request(SIBLINGS, rows)
    monkeypatch.setattr("pretzel.data_plane.transport.lists.MOST_OUTPUTS", 59)  # two of each
    want = await serving.stub.PredictMany(asked)
    assert fast.answer(asked.SerializeToString()) is None
    monkeypatch.setattr("pretzel.data_plane.transport.lists.MOST_OUTPUTS", 60)
    _, found = await both(serving, fast, asked)
    assert found == want


async def test_invalid_requests_are_left_to_the_ordinary_path(serving: Serving, fast: FastMany, rows: np.ndarray):
    await serving.stub.PredictMany(request(["m0", "strict"], rows, "predict"))
    assert fast.answer(request(["m0", "strict"], rows, "predict").SerializeToString())
    refused = np.full((2, 3), np.nan)
    for asked in (
        request(["m0", "strict"], refused, "predict"),
        request(["m0", "strict"], rows[:, :2].copy(), "predict"),
        request(["m0", "strict"], rows, "transform"),
    ):
        await serving.stub.PredictMany(asked)
        assert fast.answer(asked.SerializeToString()) is None


async def test_an_evicted_model_releases_the_list(serving: Serving, fast: FastMany, rows: np.ndarray):
    asked = request(["m0", "m1"], rows)
    await both(serving, fast, asked)
    entries = [serving.router.find(name).entry for name in ("m0", "m1")]
    (together,) = serving.service.joint._joint.values()
    executable = weakref.ref(together[0])
    del together
    serving.plans.let_go([entries[0].digest])
    gc.collect()
    assert executable() is None
    assert fast.answer(asked.SerializeToString()) is None
    want, found = await both(serving, fast, asked)
    assert found == want


async def test_a_new_version_answers_at_once(serving: Serving, fast: FastMany, rows: np.ndarray):
    asked = request(["m0", "m1"], rows, matrix=True)
    await both(serving, fast, asked)
    await serving.deploy("m1", regression(3, bias=1.0))
    assert fast.answer(asked.SerializeToString()) is None
    want, found = await both(serving, fast, asked)
    assert list(found.blocks[0].versions) == [1, 2]
    assert found == want


async def test_calls_and_rows_are_counted(serving: Serving, fast: FastMany, rows: np.ndarray):
    want, found = await both(serving, fast, request(SIBLINGS, rows))
    calls = serving.tally.calls("PredictMany", "all")
    assert found == want
    assert (sum(calls.buckets), calls.rows) == (2, 2 * 30 * 2)


async def test_both_paths_take_turns(serving: Serving, fast: FastMany, rows: np.ndarray):
    one = FastPredict(serving.router, serving.engine)
    await serving.predict("m0", x=rows)
    want, _ = await both(serving, fast, request(SIBLINGS, rows))
    for _ in range(3):
        single = one.answer(pb.PredictRequest(model="m0", columns=columns_to_proto({"x": rows})).SerializeToString())
        single = single if isinstance(single, bytes) else await single
        assert pb.PredictResponse.FromString(single) == want.results[0].response
        again, found = await both(serving, fast, request(SIBLINGS, rows, matrix=True))
        assert again == found and alike(want, found, 30)


async def test_an_expensive_list_runs_on_a_thread(roomy: Serving):
    for i in range(4):
        roomy.add(f"m{i}", regression(3, own=i))
    await roomy.deploy("last", regression(3, own=9))
    fast = FastMany(roomy.router, roomy.plans, roomy.service.joint, roomy.engine, roomy.tally)
    asked = request(["m0", "m1", "m2", "m3", "last"], np.ones((20_000, 3)), "predict", matrix=True)
    want = await roomy.stub.PredictMany(asked)
    found = await asyncio.gather(*(fast.answer(asked.SerializeToString()) for _ in range(3)))
    assert all(pb.PredictManyResponse.FromString(each) == want for each in found)
