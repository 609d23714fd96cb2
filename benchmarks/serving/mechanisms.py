"""Each mechanism of the data plane off and on, where it matters: ``python -m benchmarks.serving.mechanisms --write``.

Two workers differ in one setting.  Each round measures both in turn; the ratio is the median over rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import pretzel
from benchmarks.serving import gathering, mixed, shedding, threads
from benchmarks.serving.gathering import Load
from benchmarks.serving.load import channel_to, grpc_rate
from benchmarks.serving.mechanisms_page import Found, write
from benchmarks.serving.models import neighbors, small
from benchmarks.serving.overload import GENERATOR_CORE, SERVER_CORE, pinned
from benchmarks.serving.worker import worker
from pretzel.plan.definition import Definition
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

Ready = Mapping[str, Any]
Take = Callable[[Ready], float]
"""Returns the figure of a worker."""
PREDICT = "/pretzel.v1.PredictionService/Predict"
MANY = "/pretzel.v1.PredictionService/PredictMany"
SIBLINGS, FITS = 40, 10
PATIENT = gathering.PATIENT


@dataclass(frozen=True)
class Mechanism:
    """A mechanism, the setting that switches it, and what it changes."""

    name: str
    switch: str
    off: tuple[str, ...]
    on: tuple[str, ...]
    workload: str
    unit: str
    models: Callable[[], Mapping[str, Definition]]
    take: Take
    more: bool = True
    """Whether a larger figure is better."""
    pins: bool = True
    """Whether the worker has one core, and the generator the other."""


def mechanisms() -> list[Mechanism]:
    """Return those that a setting switches."""
    wine = partial(_only, "wine", lambda: pretzel.export(small.wine_classifier()))
    alone = ("--gather-rows", "0")
    return [
        Mechanism(
            *("requests that wait run as one", "`gather_rows`", (*alone, *PATIENT), PATIENT),
            *("16 callers, linear model of 6,000 columns and 400 classes", "calls/s"),
            *(partial(_only, "linear", lambda: pretzel.export(gathering.linear(6000, 400))), _rate("linear", 16)),
        ),
        Mechanism(
            *("cheap requests run on the event loop", "`inline_seconds`", ("--inline-seconds", "0"), ()),
            *("32 callers, 13 columns, logistic regression", "calls/s", wine, _rate("wine", 32)),
        ),
        Mechanism(
            *("the native front", "`front`", ("--front", "grpcio"), ()),
            *("32 callers, 13 columns, logistic regression", "calls/s", wine, _rate("wine", 32)),
        ),
        Mechanism(
            *("staying awake between calls", "`poll_microseconds`"),
            *(("--poll-microseconds", "0"), ("--poll-microseconds", "200")),
            *("one caller, 13 columns, logistic regression; median", "us", wine, _median("wine", 1), False),
        ),
        Mechanism(
            *("kept answers", "`result_cache`", (), ("--result-cache", "*")),
            *("one request again and again, search among 40,000 rows", "calls/s"),
            *(partial(_only, "search", neighbors.definition), _repeated),
        ),
        *_under_load(alone),
        Mechanism(
            *("parts of a run on two threads", "`executor_threads`"),
            *(("--executor-threads", "1"), ("--executor-threads", "2")),
            *("20,000 texts in one message, tf-idf, logistic regression", "ms", _texts, _large, False, False),
        ),
    ]


def _under_load(alone: tuple[str, ...]) -> list[Mechanism]:
    queued = ("--inline-seconds", "0", *alone, *PATIENT)
    return [
        Mechanism(
            *("shedding", "`shed_after_seconds`"),
            *(("--shed-after-seconds", "0", *alone), alone),
            *("twice the capacity, search of 300 us; answers within 50 ms", "answers/s"),
            *(partial(_only, "search", partial(shedding.searching, 20_000)), _goodput),
        ),
        Mechanism(
            *("weights of models", "`weights`", queued, ("--weights", "other=8", *queued)),
            *("16 callers of each of two alike models; calls of one of them", "calls/s", _alike, _contended),
        ),
    ]


def _only(name: str, definition: Callable[[], Definition]) -> dict[str, Definition]:
    return {name: definition()}


def _alike() -> dict[str, Definition]:
    return {name: neighbors.definition(seed=i) for i, name in enumerate(("busy", "other"))}


def _texts() -> dict[str, Definition]:
    return {"text": pretzel.export(threads.models(2000)["text"][0])}


def _rate(model: str, callers: int) -> Take:
    return lambda ready: _closed(ready, model, callers)["calls_per_second"]


def _median(model: str, callers: int) -> Take:
    return lambda ready: 1000 * _closed(ready, model, callers)["latency_ms"]["p50"]


def _closed(ready: Ready, model: str, callers: int) -> dict[str, Any]:
    return Load(ready["port"], model, 1.0, "--concurrency", str(callers)).result()


def _repeated(ready: Ready) -> float:
    x = np.random.default_rng(1).normal(size=(1, neighbors.WIDTH))
    request = pb.PredictRequest(model="search", columns=columns_to_proto({neighbors.INPUT: x}))
    return grpc_rate(f"127.0.0.1:{ready['port']}", PREDICT, request.SerializeToString())


def _goodput(ready: Ready) -> float:
    capacity = _closed(ready, "search", 64)["calls_per_second"]
    load = Load(ready["port"], "search", 2.0, "--rate", str(2 * capacity), "--slo", "50", "--timeout", "1")
    return float(load.result()["goodput"])


def _contended(ready: Ready) -> float:
    other, busy = (Load(ready["port"], name, 1.5, "--concurrency", "16") for name in ("other", "busy"))
    busy.result()
    return float(other.result()["calls_per_second"])


def _large(ready: Ready) -> float:
    texts = threads.models(20_000)["text"][1]
    message = threads.request("text", "X", texts, "predict_proba")
    with channel_to(f"127.0.0.1:{ready['port']}") as channel:
        return 1000 * min(_timed(lambda: channel.unary_unary(PREDICT)(message, timeout=60)) for _ in range(6))


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


@contextmanager
def running(models: Mapping[str, Definition], options: tuple[str, ...], *, pins: bool = True) -> Iterator[Ready]:
    """Run a worker of these models, on its core."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not pins:
            yield stack.enter_context(worker(folder, models, *options))
            return
        with pinned(SERVER_CORE):
            ready = stack.enter_context(worker(folder, models, *options))
        with pinned(GENERATOR_CORE):
            yield ready


def switched(mechanism: Mechanism, rounds: int) -> Found:
    """Measure a mechanism off and on."""
    models = mechanism.models()
    with (
        running(models, mechanism.off, pins=mechanism.pins) as off,
        running(models, mechanism.on, pins=mechanism.pins) as on,
    ):
        pairs = [(mechanism.take(off), mechanism.take(on)) for _ in range(rounds)]
    return found(mechanism.name, mechanism.switch, mechanism.workload, mechanism.unit, pairs, more=mechanism.more)


def found(name: str, switch: str, workload: str, unit: str, pairs: list[tuple[float, float]], *, more: bool) -> Found:
    """Return the medians of both sides, and of their ratios."""
    ratio = statistics.median((on / max(off, 1.0) if more else off / on) for off, on in pairs)
    off, on = map(statistics.median, zip(*pairs, strict=True))
    return Found(name, switch, workload, unit, off, on, ratio)


def shared_stages(rounds: int) -> Found:
    """Measure one text for many models, by a call each and by one call for all."""
    models, texts = mixed.siblings(SIBLINGS, 60)
    column = next(iter(models.values())).inputs[0].column
    columns = columns_to_proto({column: Texts.of(texts[:1])})
    requests = [pb.PredictRequest(model=name, columns=columns, outputs=["predict"]) for name in models]
    apart = [request.SerializeToString() for request in requests]
    together = pb.PredictManyRequest(models=list(models), columns=columns, outputs=["predict"], matrix=True)
    with running(models, ()) as ready, channel_to(f"127.0.0.1:{ready['port']}") as channel:
        one, many = channel.unary_unary(PREDICT), channel.unary_unary(MANY)
        message = together.SerializeToString()

        def each() -> None:
            for call in [one.future(request, timeout=60) for request in apart]:
                call.result()

        sides = each, partial(many, message, timeout=60)
        pairs = [tuple(1000 * min(_timed(side) for _ in range(30)) for side in sides) for _ in range(rounds)]
    name, switch = "shared stages run once, heads stacked", "`PredictMany` for as many `Predict`"
    return found(name, switch, f"one text of 60 words, {SIBLINGS} models over one tf-idf", "ms", pairs, more=False)  # type: ignore[arg-type]


def shared_parameters() -> Found:
    """Measure the memory of models over one dictionary, and of as many with a dictionary each."""
    shared, texts = mixed.siblings(FITS, 60)
    own = {name: pretzel.export(_apart(texts, i)) for i, name in enumerate(shared)}
    with running({}, ()) as empty, running(own, ()) as apart, running(shared, ()) as together:
        for ready, models in ((apart, own), (together, shared)):
            _call_each(ready, models, texts[0])
        base, *sizes = map(_private, (empty, apart, together))
    name, switch = "parameters are stored once", "models of one fit, or of a fit each"
    pair = [((sizes[0] - base) / 2**20, (sizes[1] - base) / 2**20)]
    return found(
        name,
        switch,
        f"{FITS} text models over one dictionary or over ten, less an empty worker",
        "MB",
        pair,
        more=False,
    )


def _apart(texts: list[str], number: int) -> Any:
    """Return a model over a dictionary of its own, of the same size."""
    rows = [" ".join(f"{word}x{number}" for word in text.split()) for text in texts]
    labels = np.random.default_rng(number).integers(0, 2, len(rows))
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(rows, labels)


def _call_each(ready: Ready, models: Mapping[str, Definition], text: str) -> None:
    with channel_to(f"127.0.0.1:{ready['port']}") as channel:
        for name, definition in models.items():
            columns = columns_to_proto({definition.inputs[0].column: Texts.of([text])})
            request = pb.PredictRequest(model=name, columns=columns)
            channel.unary_unary(PREDICT)(request.SerializeToString(), timeout=60)


def _private(ready: Ready) -> float:
    """Return the proportional set of a serving process in bytes."""
    lines = Path(f"/proc/{ready['processes'][0]}/smaps_rollup").read_text().splitlines()
    return 1024 * float(next(line.split()[1] for line in lines if line.startswith("Pss:")))


def main() -> None:
    """Measure all, or those whose names contain a word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="*", help="part of the name of a mechanism")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks/mechanisms.md")
    arguments = parser.parse_args()
    runs: list[tuple[str, Callable[[], Found]]] = [
        (mechanism.name, partial(switched, mechanism, arguments.rounds)) for mechanism in mechanisms()
    ]
    runs.append(("shared stages run once, heads stacked", partial(shared_stages, arguments.rounds)))
    runs.append(("parameters are stored once", shared_parameters))
    results = []
    for name, run in runs:
        if all(word in name for word in arguments.word):
            results.append(run())
            print(results[-1].line, flush=True)
            if arguments.write:
                write(results[-1:])


if __name__ == "__main__":
    main()
