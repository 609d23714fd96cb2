"""Copies of calls for many models: from the hot path and the ordinary one, with matrices and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.shadow.copies import OF_COPY, Copies, Values
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.many import FastMany
from pretzel.plan.model import Shadow
from pretzel.plan.wire import columns_to_proto
from pretzel.plan.wire.shadows import answers_of_many
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import refusing, regression
from tests.data_plane.serve.conftest import Serving

X = np.random.default_rng(0).normal(size=(4, 3))
NAMES = ["m0", "m1", "m2", "m1"]


@pytest.fixture
async def copies(serving: Serving) -> Copies:
    """Return the queue of shadows of three models; that of m2 takes no calls."""
    copies = Copies(100, 1 << 20)
    for i in range(3):
        serving.add(f"m{i}", regression(3, own=i))
    await serving.deploy("strict", refusing())
    for name, slots in (("m1", 10_000), ("m2", 0), ("strict", 10_000)):
        route = serving.router.find(name)
        route.copier = copies.copier(name, "stable", Shadow(2, slots, 7), 1, route.entry)
    return copies


def taken(copies: Copies) -> list[Any]:
    return [copy.content if isinstance(copy.content, Values) else copy.content.values() for copy in copies.take(9, 0.0)]


@pytest.mark.parametrize("matrix", [False, True])
async def test_each_path_copies_what_it_answered(serving: Serving, copies: Copies, matrix: bool):
    fast = FastMany(serving.router, serving.plans, serving.service.joint, serving.engine, serving.tally)
    asked = pb.PredictManyRequest(
        models=NAMES, columns=columns_to_proto({"x": X}), outputs=["predict"], matrix=matrix
    ).SerializeToString()
    answer = await serving.stub.PredictMany(pb.PredictManyRequest.FromString(asked))
    found = fast.answer(asked)
    found = found if found is None or isinstance(found, bytes) else await found
    assert found is not None
    ordinary, hot = taken(copies)
    for copy, want in ((ordinary, answer), (hot, pb.PredictManyResponse.FromString(found))):
        given = answers_of_many(want.SerializeToString())
        assert copy.outputs == ("predict",) and list(copy.results) == ["predict"] == list(given[1])
        np.testing.assert_array_equal(copy.columns["x"], X)
        np.testing.assert_array_equal(copy.results["predict"], given[1]["predict"])
        assert not np.array_equal(copy.results["predict"], given[0]["predict"])


async def test_a_call_that_is_not_drawn_is_not_copied(serving: Serving, copies: Copies):
    await serving.stub.PredictMany(pb.PredictManyRequest(models=["m0", "m2"], columns=columns_to_proto({"x": X})))
    assert ORIGIN.get() is None and taken(copies) == []


async def test_a_model_that_failed_is_not_copied(serving: Serving, copies: Copies):
    asked = pb.PredictManyRequest(models=["strict", "m1"], columns=columns_to_proto({"x": np.full((2, 3), np.nan)}))
    answer = await serving.stub.PredictMany(asked)
    assert [result.WhichOneof("result") for result in answer.results] == ["error", "response"]
    (copy,) = copies.take(9, 0.0)
    assert copy.copier.figures.model == "m1" and copy.held.bytes > OF_COPY
