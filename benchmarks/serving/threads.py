"""Measure many rows on one and on several threads: ``python -m benchmarks.serving.threads``.

In process and in a worker, by one message and by the SDK, which cuts its input into messages under 1 MiB.  Both sides
of a line are measured in turn.  The first ratio is that of the shortest times, which other load on the machine disturbs
least; the second is the median over rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
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
from benchmarks.serving.load import channel_to
from benchmarks.serving.models.small import text_classifier
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


def compared(name: str, one: Call, several: Call, rounds: int) -> None:
    """Print the shortest times, their ratio, and the median of all ratios."""
    one(), several()
    pairs = [(_timed(one), _timed(several)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    best = [min(side) * 1000 for side in zip(*pairs, strict=True)]
    print(f"{name:24} {best[0]:8.1f} ms {best[1]:8.1f} ms  {best[0] / best[1]:.2f} (median {ratio:.2f})", flush=True)


def _timed(call: Call) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def in_process(cases: dict[str, tuple[Any, Any, str]], threads: int, rounds: int) -> None:
    """Compare predictors of one and of several threads."""
    for name, (estimator, x, method) in cases.items():
        calls = [getattr(pretzel.compile(estimator, threads=n), method) for n in (1, threads)]
        compared(f"{name}, in process", partial(calls[0], x), partial(calls[1], x), rounds)


def in_servers(cases: dict[str, tuple[Any, Any, str]], threads: int, rounds: int) -> None:
    """Compare workers with one and with several executor threads."""
    cases = {name: case for name, case in cases.items() if case[2] != "transform"}  # its answer is over the limits
    definitions = {name: pretzel.export(estimator) for name, (estimator, _, _) in cases.items()}
    with contextlib.ExitStack() as stack:
        ports = []
        for count in (1, threads):
            path = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            options = ("--executor-threads", str(count), "--max-message-bytes", str(LIMIT))
            ports.append(stack.enter_context(worker(path, definitions, *options))["port"])
        for name, (_, x, method) in cases.items():
            column = definitions[name].inputs[0].column
            message = request(name, column, x, method)
            raw = [stack.enter_context(_raw(port, message)) for port in ports]
            compared(f"{name}, one message", raw[0], raw[1], rounds)
            clients = [stack.enter_context(pretzel.Client(f"127.0.0.1:{port}")) for port in ports]
            calls = [getattr(client, method) for client in clients]
            compared(f"{name}, SDK", partial(calls[0], name, x), partial(calls[1], name, x), rounds)


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

    compared("1000 calls of one row", thousand(calls[0]), thousand(calls[1]), 41)


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--part", choices=["process", "server", "all"], default="all")
    arguments = parser.parse_args()
    cases = models(arguments.rows)
    print(f"{arguments.rows} rows, 1 and {arguments.threads} threads")
    if arguments.part != "server":
        single_rows(arguments.threads)
        in_process(cases, arguments.threads, arguments.rounds)
    if arguments.part != "process":
        in_servers(cases, arguments.threads, arguments.rounds)


if __name__ == "__main__":
    main()
