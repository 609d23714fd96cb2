"""The hot path against the ordinary one, without a network: from the bytes of a request to those of its response."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, compare
from benchmarks.serving.models import small
from benchmarks.serving.worker import fill
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.plan.definition import Definition
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

INLINE_SECONDS = 0.0005


class Door:
    """A service and the hot path over the same models; call it within its event loop."""

    def __init__(self, path: Path) -> None:
        """Serve the catalog of a cache."""
        tally = Tally()
        self._path, objects = path, ObjectReader(path)
        self._plans = PlanCatalog(objects, 1 << 40, tally=tally)
        self._router = Router(self._plans, tally)
        self._engine = RequestEngine(Limits(INLINE_SECONDS, 64), 1, tally=tally)
        self._service = PredictionService(self._router, self._plans, objects, self._engine, tally, self._never)
        self.fast = FastPredict(self._router, self._engine)

    async def start(self) -> None:
        """Apply the catalog."""
        cache = ObjectCache(self._path)
        saved = cache.kept.load()
        cache.close()
        assert saved
        await self._router.apply(saved[0])

    async def _never(self) -> bool:
        return True

    async def answer(self, message: bytes) -> bytes:
        """Answer on the ordinary path."""
        response = await self._service.Predict(pb.PredictRequest.FromString(message), self)  # type: ignore[arg-type]
        return response if isinstance(response, bytes) else response.SerializeToString()

    def time_remaining(self) -> None:
        """Return that the call has no deadline, as the context of a call does."""

    def close(self) -> None:
        """Stop the threads."""
        self._engine.close()
        self._plans.close()


@contextmanager
def door(models: dict[str, Definition]) -> Iterator[tuple[Door, asyncio.AbstractEventLoop]]:
    """Serve these models in this process."""
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory() as path:
        fill(Path(path), models)
        opened = loop.run_until_complete(_opened(Path(path)))
        yield opened, loop
        opened.close()
    loop.close()


async def _opened(path: Path) -> Door:
    opened = Door(path)
    await opened.start()
    return opened


def stepped(call: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Any]:
    """Return a call of a coroutine that never waits, without the cost of a loop."""

    def step() -> Any:
        try:
            call().send(None)
        except StopIteration as done:
            return done.value
        raise RuntimeError("the coroutine waits")

    return step


def measure() -> list[Row]:
    """Compare both paths for one row of each model, and for one of its outputs."""
    rows, columns = [], small.columns()
    with door(small.definitions()) as (opened, loop):
        for model, wanted in ((model, wanted) for model in columns for wanted in ((), ("predict",))):
            request = pb.PredictRequest(model=model, columns=columns_to_proto(columns[model]), outputs=wanted)
            message = request.SerializeToString()
            want = loop.run_until_complete(opened.answer(message))  # loads the plan
            for _ in range(200):  # the first runs are not typical, and the cost model learns from them
                loop.run_until_complete(opened.answer(message))
            assert opened.fast.answer(message) == want
            name = f"{model}, {wanted[0] if wanted else 'all outputs'}"
            ours, theirs = _both(opened, message)
            rows.append(compare(name, "the ordinary path", ours, theirs))
    return rows


def _both(opened: Door, message: bytes) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return lambda: opened.fast.answer(message), stepped(lambda: opened.answer(message))


if __name__ == "__main__":
    for row in measure():
        print(row)
