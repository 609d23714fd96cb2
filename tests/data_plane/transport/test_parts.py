"""Requests with many rows whose parts run on several threads: the bytes of one thread, on both paths of the engine."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.errors import InputError
from pretzel.kernels.parts import LEAST_ROWS, learn_run
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.values import Csr, Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import refusing, regression
from tests.data_plane.transport.served import MODEL, Served

ROWS = 3000
RNG = np.random.default_rng(0)
TEXTS = Texts.of(["Über Größe", "abc", "", "X y Z"] * (ROWS // 4))


def sparse() -> Csr:
    return Csr(RNG.normal(size=2 * ROWS), np.tile(np.int32([1, 5]), ROWS), np.arange(0, 2 * ROWS + 1, 2), 8)


CASES: Mapping[str, tuple[Definition, dict[str, Any]]] = {
    "dense": (regression(3), {"x": RNG.normal(size=(ROWS, 3))}),
    "texts": (Definition({"transform": ops.Lowercase(ops.Input("t", "str"))}), {"t": TEXTS}),
    "sparse": (Definition({"transform": ops.Normalize(ops.Input("s", "f64{8}"), "l2")}), {"s": sparse()}),
}


@pytest.fixture
def engine():
    """An engine that runs everything on three threads, without a limit of memory."""
    engine = RequestEngine(Limits(-1.0, 64, 1 << 40), 3)
    yield engine
    engine.close()


def served(definition: Definition) -> Served:
    """A model whose rows count as slow, so that its runs are cut."""
    model = Served(definition)
    learn_run(model.executable.schedule(None).program, 1000.0, LEAST_ROWS)
    return model


def message(columns: Mapping[str, Any]) -> bytes:
    return pb.PredictRequest(model=MODEL, columns=columns_to_proto(columns)).SerializeToString()


@pytest.mark.parametrize("case", CASES)
async def test_the_hot_path_answers_as_one_thread(case: str, engine: RequestEngine):
    model = served(CASES[case][0])
    want = model.ordinary(message(CASES[case][1])).SerializeToString()
    fast = FastPredict(model, engine)
    found = await asyncio.gather(*(fast.answer(message(CASES[case][1])) for _ in range(8)))
    assert found == [want] * 8
    assert engine.bytes == 0


@pytest.mark.parametrize("case", CASES)
async def test_any_address(case: str, engine: RequestEngine):
    """A longer unknown field in front moves every column to another address: blocks of numbers are copied then."""
    model, read = served(CASES[case][0]), message(CASES[case][1])
    want = model.ordinary(read).SerializeToString()
    fast = FastPredict(model, engine)
    for shift in range(9):
        assert await fast.answer(bytes([0x7A, shift]) + bytes(shift) + read) == want


@pytest.mark.parametrize("case", CASES)
async def test_the_ordinary_path_answers_as_one_thread(case: str, engine: RequestEngine):
    model, columns = served(CASES[case][0]), CASES[case][1]
    cost = model.route.entry.cost_of(None)
    want = columns_to_proto(model.executable.run(columns))
    found = await asyncio.gather(*(engine.run(model.executable, cost, columns, None) for _ in range(4)))
    assert [columns_to_proto(results) for results in found] == [want] * 4
    assert cost.runs == 4


async def test_a_refused_value_is_that_of_one_thread(engine: RequestEngine):
    model, x = served(refusing(3)), np.ones((ROWS, 3))
    x[[400, 2500], [2, 0]] = math.nan
    with pytest.raises(InputError) as want:
        model.ordinary(message({"x": x}))
    with pytest.raises(InputError) as got:
        await FastPredict(model, engine).answer(message({"x": x}))
    assert str(got.value) == str(want.value)


async def test_memory_is_reserved_for_every_thread_unless_it_does_not_fit():
    x = CASES["dense"][1]["x"]
    model = served(Definition({"predict": regression(3).outputs["predict"]}))
    rows, need = model.executable.need({"x": x}, None, x.nbytes)
    assert rows == ROWS and need.further == need.frame > 0
    for memory, reserved in ((1 << 40, need.total(x.nbytes) + 2 * need.further), (need.total(x.nbytes), 0)):
        engine, seen = RequestEngine(Limits(-1.0, 64, memory), 3), []
        await engine.run(
            model.executable,
            model.route.entry.cost_of(None),
            {"x": x},
            None,
            pack=lambda results, engine=engine, seen=seen: seen.append(engine.bytes),
        )
        assert seen == [reserved or memory]
        engine.close()
