"""Statistics count what was answered."""

from __future__ import annotations

import time

import grpc
import numpy as np

from pretzel.data_plane.oip.statistics import MOST_SIZES, Served
from pretzel.inference import service_pb2 as pb
from tests.data_plane.control import NOTHING, version
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import request
from tests.data_plane.oip.trained import ROWS, definitions

PARTS = ("queue", "compute_input", "compute_infer", "compute_output")


async def read(serving: Inferring, name: str = "", number: str = "") -> list[pb.ModelStatistics]:
    return list((await serving.oip.ModelStatistics(pb.ModelStatisticsRequest(name=name, version=number))).model_stats)


async def test_what_was_answered(serving: Inferring):
    before, start = int(time.time() * 1000), time.perf_counter_ns()
    for _ in range(3):
        await serving.infer("wine", X=ROWS)
    await serving.infer("wine", X=ROWS[:1])
    await serving.refused(request("wine", X=ROWS[:, :5]), grpc.StatusCode.INVALID_ARGUMENT)
    elapsed = time.perf_counter_ns() - start
    (got,) = await read(serving, "wine")
    assert (got.name, got.version) == ("wine", "1")
    assert (got.inference_count, got.execution_count) == (3 * len(ROWS) + 1, 4)
    assert before <= got.last_inference <= int(time.time() * 1000)
    stats = got.inference_stats
    assert (stats.success.count, stats.fail.count, stats.cache_hit.count) == (4, 1, 0)
    assert [getattr(stats, part).count for part in PARTS] == [4] * 4
    assert 0 < sum(getattr(stats, part).ns for part in PARTS) <= stats.success.ns
    assert 0 < stats.success.ns + stats.fail.ns < elapsed
    assert [batch.batch_size for batch in got.batch_stats] == [1, len(ROWS)]
    assert [batch.compute_infer.count for batch in got.batch_stats] == [1, 3]
    assert sum(batch.compute_infer.ns for batch in got.batch_stats) == stats.compute_infer.ns
    assert got.memory_usage[0].byte_size > 0


async def test_requests_on_executors(serving: Inferring):
    rows = np.repeat(ROWS, 5000, axis=0)
    await serving.infer("wine", "predict", X=rows)
    (got,) = await read(serving, "wine")
    assert [batch.batch_size for batch in got.batch_stats] == [len(rows)]
    assert got.inference_stats.compute_infer.ns > 0


async def test_versions_and_all_models(serving: Inferring):
    await serving.deploy("wine", definitions()["frame"])
    await serving.infer("wine", X=ROWS)
    await serving.infer("frame", X=ROWS)
    both = await read(serving, "wine")
    assert [(one.version, one.execution_count) for one in both] == [("1", 0), ("2", 1)]
    assert [one.version for one in await read(serving, "wine", "1")] == ["1"]
    assert [(one.name, one.version) for one in await read(serving)] == [("frame", "1"), ("wine", "2")]
    await serving.refused(request("wein", X=ROWS), grpc.StatusCode.NOT_FOUND)
    assert len(await read(serving)) == 2


async def test_streams_count_as_well(serving: Inferring):
    call = serving.oip.ModelStreamInfer(timeout=20)
    for message in request("wine", X=ROWS), request("wine", X=ROWS[:, :2]):
        await call.write(message)
        await call.read()
    await call.done_writing()
    (got,) = await read(serving, "wine")
    assert (got.inference_stats.success.count, got.inference_stats.fail.count) == (1, 1)


def test_batch_sizes_are_bounded():
    served = Served(version("m", 1, NOTHING))
    for rows in range(1, MOST_SIZES + 50):
        served.counted.succeeded(rows, 1, 2, 3, 4, 10)
    got = served.message(0)
    assert len(got.batch_stats) == MOST_SIZES
    assert got.inference_stats.success.count == MOST_SIZES + 49
    assert not got.memory_usage
