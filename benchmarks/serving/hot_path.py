"""The hot path against the ordinary one, in processor time: from the bytes of a request to those of its response."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Row, fastest, table
from benchmarks.serving.models import small
from benchmarks.serving.worker import fill
from pretzel.data_plane.cache.proof import SETTLE_SECONDS
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.datatypes import DATATYPES
from pretzel.data_plane.oip.encoding import encoded
from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.residency.finder import Finder
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.data_plane.transport.many import FastMany
from pretzel.inference import service_pb2 as inference_pb2
from pretzel.plan.definition import Definition
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

INLINE_SECONDS = 0.0005
SIBLINGS = 120
RIVAL = "the ordinary path"


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
        backend = Backend(
            Settings(), Finder(self._router, self._never).find, self._router, self._plans, objects, self._engine, tally
        )
        self.inference = InferenceService(backend, self._service.streams)
        self.fast = FastPredict(self._router, self._engine)
        self.many = FastMany(self._router, self._plans, self._service.joint, self._engine, tally)

    async def start(self) -> None:
        """Apply the catalog."""
        cache = ObjectCache(self._path)
        saved = cache.kept.load()
        cache.close()
        assert saved
        await self._router.apply(saved[0])

    async def _never(self) -> bool:
        return True

    async def predict_many(self, message: bytes) -> bytes:
        """Answer a request for many models on the ordinary path."""
        return await self._service.PredictMany(pb.PredictManyRequest.FromString(message), self)  # type: ignore[arg-type]

    async def predict(self, message: bytes) -> bytes:
        """Answer on the ordinary path."""
        response = await self._service.Predict(pb.PredictRequest.FromString(message), self)  # type: ignore[arg-type]
        return response if isinstance(response, bytes) else response.SerializeToString()

    async def infer(self, message: bytes) -> bytes:
        """Answer a request for inference on the ordinary path."""
        request = inference_pb2.ModelInferRequest.FromString(message)
        return await self.inference.ModelInfer(request, self)  # type: ignore[arg-type]

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
    """Compare both paths for one row of each model, of one of its outputs, and of many siblings."""
    return [*_one_model(), *_tensors(), *_many_models()]


def _one_model() -> Iterator[Row]:
    columns = small.columns()
    with door(small.definitions()) as (opened, loop):
        for model, wanted in ((model, wanted) for model in columns for wanted in ((), ("predict",))):
            request = pb.PredictRequest(model=model, columns=columns_to_proto(columns[model]), outputs=wanted)
            message = request.SerializeToString()
            ordinary = partial(opened.predict, message)
            want = _settled(loop, ordinary)
            assert opened.fast.answer(message) == want
            name = f"{model}, {wanted[0] if wanted else 'all outputs'}"
            yield fastest(name, RIVAL, partial(opened.fast.answer, message), stepped(ordinary))


def _tensors() -> Iterator[Row]:
    with door(small.definitions()) as (opened, loop):
        for model, columns in small.columns().items():
            message = tensors_of(model, columns).SerializeToString()
            ordinary = partial(opened.infer, message)
            want = _settled(loop, ordinary)
            assert opened.inference.fast.answer(message) == want
            yield fastest(f"{model}, tensors", RIVAL, partial(opened.inference.fast.answer, message), stepped(ordinary))


def tensors_of(model: str, columns: dict[str, Any]) -> Any:
    """Return the request of the Open Inference Protocol for these columns."""
    message = inference_pb2.ModelInferRequest(model_name=model)
    for name, values in columns.items():
        is_text = not isinstance(values, np.ndarray)
        shape = (len(values), 1) if is_text else values.shape
        message.inputs.add(name=name, datatype="BYTES" if is_text else DATATYPES[values.dtype], shape=shape)
        message.raw_input_contents.append(encoded(map(str.encode, values)) if is_text else values.tobytes())
    return message


def _many_models() -> Iterator[Row]:
    models = small.siblings(SIBLINGS)
    with door(models) as (opened, loop):
        for matrix in (False, True):
            columns = columns_to_proto(small.columns()["text"])
            request = pb.PredictManyRequest(models=models, columns=columns, outputs=["predict_proba"], matrix=matrix)
            message = request.SerializeToString()
            ordinary = partial(opened.predict_many, message)
            want = _settled(loop, ordinary)
            assert opened.many.answer(message) == want
            name = f"one text, {SIBLINGS} siblings, {'a matrix' if matrix else 'a result each'}"
            fast = partial(opened.many.answer, message)
            yield fastest(name, RIVAL, fast, lambda call=ordinary: loop.run_until_complete(call()))


def _settled(loop: asyncio.AbstractEventLoop, call: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
    """Return the response after enough calls that plans are loaded, the cost model has measured typical runs, and the
    files, which were written just before, count as settled.
    """
    until, calls = time.monotonic() + 2 * SETTLE_SECONDS, 0
    while calls < 200 or time.monotonic() < until:
        answer = loop.run_until_complete(call())
        calls += 1
    return answer


if __name__ == "__main__":
    print(table(measure()))
