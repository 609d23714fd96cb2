"""Measure many rows on one and on several threads: ``python -m benchmarks.serving.threads``.

In process and in a worker, by one message and by the SDK, which cuts its input into messages under 1 MiB.  Both sides
of a line are measured in turn.  The first ratio is that of the shortest times, which other load on the machine disturbs
least; the second is the median over rounds.  The limits of the machine are measured in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from benchmarks.serving.ceiling import at_once, bare_transport, works
from benchmarks.serving.load import channel_to
from benchmarks.serving.models.small import text_classifier
from benchmarks.serving.processor import seconds_of, spent
from benchmarks.serving.threads_page import Compared, Side, write
from benchmarks.serving.worker import worker
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

METHOD = "/pretzel.v1.PredictionService/Predict"
LIMIT = 200 << 20
Call = Callable[[], Any]


def models(rows: int) -> dict[str, tuple[Any, Any, str]]:
    """Return estimators, each with so many rows and a method."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 40))
    few, y = x[:2000], (x[:2000, 0] + x[:2000, 1] > 0).astype(int)
    words = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(row) for row in words[rng.zipf(1.3, size=(rows, 18)) % 5000]]
    text = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
    return {
        "text": (text.fit(texts[:2000], y), texts, "predict_proba"),
        "forest": (RandomForestClassifier(100, max_depth=12, random_state=0).fit(few, y), x, "predict_proba"),
        "linear": (make_pipeline(StandardScaler(), LogisticRegression()).fit(few, y), x, "predict_proba"),
        "tf-idf": (TfidfVectorizer().fit(texts[:2000]), texts, "transform"),
    }


def compared(name: str, calls: Sequence[Call], rounds: int, ceiling: float) -> Compared:
    """Return, and print, what calls in this process take with one and with several threads."""
    for call in calls:
        call()
    found = _found(name, [[measured(call, os.getpid()) for call in calls] for _ in range(rounds)], ceiling)
    print(found, flush=True)
    return found


def measured(call: Call, process: int, inside: Callable[[], float] = lambda: 0.0) -> Side:
    """Return what one call takes; ``process`` computes it, and ``inside`` returns the seconds that it counted."""
    counted, before = inside(), seconds_of(process)
    begun = time.perf_counter()
    call()
    wall = time.perf_counter() - begun
    main, other = spent(process, before, seconds_of(process))
    if process == os.getpid():
        return Side(wall, 0.0, max(main, other))
    return Side(wall, main, other, inside() - counted)


def _found(name: str, rounds: list[list[Side]], ceiling: float, bare: float = 0.0) -> Compared:
    ratio = statistics.median(one.wall / several.wall for one, several in rounds)
    one, several = (Side(*map(min, zip(*map(astuple, side), strict=True))) for side in zip(*rounds, strict=True))
    return Compared(name, one, several, ratio, ceiling, bare)


def ceilings(cases: dict[str, tuple[Any, Any, str]], rounds: int) -> dict[str, float]:
    """Return how much more two processes do than one: pure work, and each model."""
    found = {}
    local = {name: partial(getattr(pretzel.compile(est), method), x) for name, (est, x, method) in cases.items()}
    for name, work in (works() | local).items():
        found[name] = at_once(work, rounds)
        print(f"{name:30} at once {found[name]:.2f}", flush=True)
    return found


def in_process(
    cases: dict[str, tuple[Any, Any, str]], threads: int, rounds: int, limits: dict[str, float]
) -> list[Compared]:
    """Compare predictors of one and of several threads."""
    found = []
    for name, (estimator, x, method) in cases.items():
        calls = [partial(getattr(pretzel.compile(estimator, threads=n), method), x) for n in (1, threads)]
        found.append(compared(f"{name}, {method}", calls, rounds, limits[name]))
    return found


def in_servers(
    cases: dict[str, tuple[Any, Any, str]], threads: int, rounds: int, limits: dict[str, float]
) -> list[Compared]:
    """Compare workers with one and with several executor threads."""
    cases = {name: case for name, case in cases.items() if case[2] != "transform"}  # its answer is over the limits
    definitions = {name: pretzel.export(estimator) for name, (estimator, _, _) in cases.items()}
    found = []
    with contextlib.ExitStack() as stack:
        ready = []
        for count in (1, threads):
            path = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            options = ("--executor-threads", str(count), "--max-message-bytes", str(LIMIT))
            ready.append(stack.enter_context(worker(path, definitions, *options)))
        for name, (_, x, method) in cases.items():
            message = request(name, definitions[name].inputs[0].column, x, method)
            found.append(one_message(name, message, ready, rounds, limits[name]))
            clients = [stack.enter_context(pretzel.Client(f"127.0.0.1:{each['port']}")) for each in ready]
            compared(
                f"{name}, SDK (client's path)",
                [partial(getattr(c, method), name, x) for c in clients],
                rounds,
                limits[name],
            )
    return found


def one_message(name: str, message: bytes, ready: Sequence[Mapping[str, Any]], rounds: int, ceiling: float) -> Compared:
    """Compare workers by one large message: the client's seconds, and those that the workers count themselves."""
    with contextlib.ExitStack() as stack:
        calls = [stack.enter_context(_raw(each["port"], message)) for each in ready]
        answer = [call() for call in calls][0]
        bare = bare_transport(len(message), len(answer), rounds)
        sides = [
            (call, each["processes"][0], partial(_seconds_within, each["metrics_port"], name))
            for call, each in zip(calls, ready, strict=True)
        ]
        measurements = [[measured(*side) for side in sides] for _ in range(rounds)]
    found = _found(f"{name}, {len(message) / 1e6:.0f} MB", measurements, ceiling, bare)
    print(found, flush=True)
    return found


def _seconds_within(port: int, model: str) -> float:
    """Return the seconds that a worker has spent on calls of a model."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
        lines = response.read().decode().splitlines()
    start = f'pretzel_request_seconds_sum{{method="Predict",model="{model}"}}'
    return sum(float(line.split()[-1]) for line in lines if line.startswith(start))


def request(name: str, column: str, x: Any, method: str) -> bytes:
    """Return the bytes of one request for all rows."""
    columns = columns_to_proto({column: Texts.of(x) if isinstance(x, list) else x})
    message: bytes = pb.PredictRequest(model=name, columns=columns, outputs=[method]).SerializeToString()
    return message


@contextlib.contextmanager
def _raw(port: int, message: bytes) -> Iterator[Call]:
    with channel_to(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(METHOD)
        yield lambda: call(message, timeout=120)


def single_rows(threads: int) -> None:
    """Compare one row, which takes one thread with either predictor."""
    estimator = text_classifier()
    calls = [pretzel.compile(estimator, threads=n).predict_proba for n in (1, threads)]

    def thousand(call: Callable[[Any], Any]) -> Call:
        return lambda: [call(["good food"]) for _ in range(1000)]

    compared("1000 calls of one row", [thousand(call) for call in calls], 41, 1.0)


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--part", choices=["process", "server", "all"], default="all")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks/threads.md; needs all parts")
    arguments = parser.parse_args()
    cases = models(arguments.rows)
    print(f"{arguments.rows} rows, 1 and {arguments.threads} threads")
    limits, found = ceilings(cases, arguments.rounds), []
    if arguments.part != "server":
        single_rows(arguments.threads)
        found += in_process(cases, arguments.threads, arguments.rounds, limits)
    if arguments.part != "process":
        found += in_servers(cases, arguments.threads, arguments.rounds, limits)
    if arguments.write:
        write(arguments.rows, limits, found)


if __name__ == "__main__":
    main()
