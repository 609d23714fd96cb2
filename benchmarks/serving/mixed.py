"""Measure single rows next to batches: ``python -m benchmarks.serving.mixed``.

Models are called by Zipf's law; every second one gets batches, the others single rows.  A worker on one core serves an
open loop at a part of its capacity; the generator uses the other core.  Arrivals are random (Poisson) and never wait
for answers.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import pretzel
from benchmarks.serving.overload import GENERATOR_CORE, SERVER_CORE, pinned, processor_seconds
from benchmarks.serving.worker import worker
from pretzel.plan.definition import Definition
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

WARM_UP = 0.2
"""Part of a run that is not counted."""


def siblings(count: int, words: int) -> tuple[dict[str, Definition], list[str]]:
    """Return text classifiers over one tf-idf, the most called first, and texts of so many words."""
    rng = np.random.default_rng(0)
    vocabulary = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(row) for row in vocabulary[rng.zipf(1.3, size=(500, words)) % 5000]]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2)).fit(texts)
    rows = vectorizer.transform(texts)
    heads = [LogisticRegression().fit(rows, rng.integers(0, 2, len(texts))) for _ in range(count)]
    return {f"m{i}": pretzel.export(make_pipeline(vectorizer, head)) for i, head in enumerate(heads)}, texts


class Mix:
    """Requests by Zipf's law: single rows for one half of the models, batches for the other."""

    def __init__(self, names: list[str], column: str, texts: list[str], rows: int, zipf: float, first: str) -> None:
        """``first``: whether the most called model gets ``single`` rows or ``batches``."""
        odd = int(first == "single")
        self.batched = {name for i, name in enumerate(names) if i % 2 == odd}
        self.names = names
        self.weights = [1 / (i + 1) ** zipf for i in range(len(names))]
        self._random = random.Random(1)
        self.requests = {
            name: pb.PredictRequest(
                model=name,
                columns=columns_to_proto({column: Texts.of(texts[: rows if name in self.batched else 1])}),
                outputs=["predict_proba"],
            )
            for name in names
        }

    def draw(self, *, single: bool = False) -> str:
        """Return the model of the next request."""
        while True:
            (name,) = self._random.choices(self.names, self.weights)
            if not (single and name in self.batched):
                return name


class Generator:
    """Calls a worker by a mix of requests, and keeps the latencies of both kinds."""

    def __init__(self, port: int, mix: Mix) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._stub, self._mix = PredictionServiceStub(self._channel), mix
        self.codes: Counter[str] = Counter()

    async def capacity(self, seconds: float, callers: int = 8) -> float:
        """Return the calls per second in a closed loop."""
        end, done = time.monotonic() + seconds, 0

        async def caller() -> None:
            nonlocal done
            while time.monotonic() < end:
                await self._stub.Predict(self._mix.requests[self._mix.draw()], timeout=60)
                done += 1

        await asyncio.gather(*(caller() for _ in range(callers)))
        return done / seconds

    async def offer(self, rate: float, seconds: float, *, single: bool = False) -> dict[bool, list[float]]:
        """Return the latencies of batches (True) and of single rows (False) in an open loop."""
        taken: dict[bool, list[float]] = {True: [], False: []}
        calls, begun, at, chance = set(), time.monotonic(), 0.0, random.Random(2)
        while (at := at + chance.expovariate(rate)) < seconds:
            await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
            name = self._mix.draw(single=single)
            kept = taken[name in self._mix.batched] if at > WARM_UP * seconds else []
            call = asyncio.create_task(self._call(name, begun + at, kept))
            calls.add(call)
            call.add_done_callback(calls.discard)
        await asyncio.gather(*calls)
        return taken

    async def _call(self, name: str, due: float, taken: list[float]) -> None:
        """Time a call from when it was due, so that a late generator does not hide a delay."""
        try:
            await self._stub.Predict(self._mix.requests[name], timeout=60)
        except grpc.aio.AioRpcError as error:
            self.codes[error.code().name] += 1
        else:
            taken.append(time.monotonic() - due)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()


async def measure_mix(ready: Mapping[str, Any], mix: Mix, load: float, seconds: float) -> None:
    """Print the latencies of single rows alone, and of both kinds under load.

    The processor time of the server under load shows whether other programs kept it from its core: then the load was
    higher than the one named.
    """
    generator, pid = Generator(ready["port"], mix), ready["processes"][0]
    await generator.capacity(1)
    alone = await generator.offer(200, seconds / 2, single=True)
    capacity = await generator.capacity(2)
    before, begun = processor_seconds(pid), time.monotonic()
    loaded = await generator.offer(load * capacity, seconds)
    busy = (processor_seconds(pid) - before) / (time.monotonic() - begun)
    base = float(np.quantile(alone[False], 0.99))
    print(f"capacity {capacity:.0f}/s; load {load:g}, server busy {busy:.0%}; errors {dict(generator.codes) or 'none'}")
    for name, taken in (("alone", alone[False]), ("single rows", loaded[False]), ("batches", loaded[True])):
        middle, high = (float(q) for q in np.quantile(taken, (0.5, 0.99)))
        print(
            f"  {name:12} p50 {middle * 1e3:6.2f} p99 {high * 1e3:6.2f} ms, {high / base:4.1f} of alone, {len(taken)}"
        )
    await generator.close()


def main() -> None:
    """Start a worker and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=16)
    parser.add_argument("--rows", type=int, default=100, help="rows of a batch")
    parser.add_argument("--words", type=int, default=60, help="words of a text")
    parser.add_argument("--zipf", type=float, default=2.0)
    parser.add_argument("--first", choices=["single", "batches"], default="single", help="of the most called model")
    parser.add_argument("--load", type=float, default=0.8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("worker", nargs="*", help="options of the worker, after --")
    arguments = parser.parse_args()
    models, texts = siblings(arguments.models, arguments.words)
    column = next(iter(models.values())).inputs[0].column
    mix = Mix(list(models), column, texts, arguments.rows, arguments.zipf, arguments.first)
    cache = tempfile.TemporaryDirectory()
    with cache, pinned(SERVER_CORE), worker(Path(cache.name), models, *arguments.worker) as ready:
        with pinned(GENERATOR_CORE):
            asyncio.run(measure_mix(ready, mix, arguments.load, arguments.seconds))


if __name__ == "__main__":
    main()
