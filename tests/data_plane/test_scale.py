"""A worker with many more models than its budget holds: every one answers, and memory stays where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.plan.model import Model
from pretzel.plan.plan import Plan
from tests.data_plane.control import version
from tests.data_plane.models import expected, put, regression
from tests.data_plane.test_worker import scrape
from tests.data_plane.worker import WorkerProcess

WIDTH = 400
NOWHERE = "127.0.0.1:9"


def fill(path: Path, models: int) -> None:
    """Store siblings as a worker that fetched them would."""
    cache, records, closures = ObjectCache(path), {}, {}
    for i in range(models):
        digest = put(cache, regression(WIDTH, own=i))
        records[f"m{i}"] = encode_model(Model(f"m{i}", (version(f"m{i}", 1, digest),), {"stable": 1}))
        closures[digest] = tuple(Plan.from_encoded(cache.fetch(digest)).objects)
    cache.kept.save(Catalog("e", 1, records), closures)
    cache.close()


def serving_bytes(worker: WorkerProcess) -> int:
    """Return the proportional set size of the serving process."""
    fields = Path(f"/proc/{worker.ready['processes'][0]}/smaps_rollup").read_text().split()
    return 1024 * int(fields[fields.index("Pss:") + 1])


@pytest.mark.long
@pytest.mark.parametrize(("models", "rounds"), [(600, 4)])
async def test_more_models_than_the_budget_holds_answer_in_constant_memory(tmp_path: Path, models: int, rounds: int):
    fill(tmp_path, models)
    worker = await WorkerProcess.start(tmp_path, NOWHERE, "--memory-budget", "2MiB")
    rows, sizes = np.ones((1, WIDTH)), []
    try:
        for _ in range(rounds):
            for i in range(models):
                got = (await worker.predict(f"m{i}", rows, "predict"))["predict"]
                np.testing.assert_allclose(got, expected(WIDTH, rows, own=i))
            sizes.append(serving_bytes(worker))
            numbers = await scrape(worker)
            assert numbers["pretzel_resident_bytes",] <= 2 << 20
        assert numbers["pretzel_evictions_total",] > models * (rounds - 1)
        assert sizes[-1] < 1.05 * sizes[0]
    finally:
        await worker.close()
