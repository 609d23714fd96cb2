"""Callers of one model, whose waiting requests run as one or alone: ``python -m benchmarks.serving.gathering``.

Two workers on one core, one of which gathers requests; `pretzel bench` loads them in turn from the other core.
Meanwhile a cheap model is called at a constant rate.  Ratios are medians over rounds, each of which has both sides.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import pretzel
from benchmarks.serving.models import neighbors
from benchmarks.serving.overload import GENERATOR_CORE, SERVER_CORE, pinned
from benchmarks.serving.worker import worker
from pretzel.plan.definition import Definition

CHEAP, CHEAP_RATE = "wine", 200
PATIENT = "--shed-after-seconds", "0"
"""Options of a worker whose callers wait, however many they are."""
OPTIONS = {"alone": "0", "gathered": "64"}


def models() -> dict[str, Definition]:
    """Return models whose parameters are much larger than a row, and a cheap one."""
    x, y = load_wine(return_X_y=True)
    return {
        "neighbors": neighbors.definition(),
        "linear": pretzel.export(linear(6000, 400)),
        "perceptron": pretzel.export(perceptron(200, 1200)),
        CHEAP: pretzel.export(LogisticRegression(max_iter=5000).fit(x, y)),
    }


def linear(width: int, classes: int) -> LogisticRegression:
    """Return a model of this shape; its weights are random, because fitting one takes minutes."""
    rng = np.random.default_rng(0)
    model = LogisticRegression(max_iter=1).fit(rng.normal(size=(4, 2)), [0, 1, 2, 3])
    model.coef_, model.intercept_ = rng.normal(size=(classes, width)), rng.normal(size=classes)
    model.classes_, model.n_features_in_ = np.arange(classes), width
    return model


def perceptron(width: int, hidden: int) -> MLPClassifier:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, width))
    return MLPClassifier((hidden, hidden), max_iter=1).fit(x, (x[:, 0] > 0).astype(int))


class Load:
    """One run of `pretzel bench`."""

    def __init__(self, port: int, model: str, seconds: float, *options: str) -> None:
        self._file = tempfile.NamedTemporaryFile(suffix=".json")
        command = [sys.executable, "-P", "-m", "pretzel.cli", "bench", model, "--server", f"127.0.0.1:{port}"]
        command += ["--seconds", str(seconds), "--warm-up", "0.3", "--out", self._file.name, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def result(self) -> dict[str, Any]:
        """Return the figures at the end."""
        if self._process.wait(120):
            raise RuntimeError("pretzel bench failed")
        figures: dict[str, Any] = json.loads(Path(self._file.name).read_text())
        return figures


def _measure(port: int, model: str, callers: int, seconds: float) -> list[float]:
    """Return calls per second, and milliseconds: p50 and p99 of the callers, and of the cheap model."""
    load = Load(port, model, seconds, "--concurrency", str(callers))
    beside = Load(port, CHEAP, seconds, "--rate", str(CHEAP_RATE), "--arrivals", "even")
    mine, cheap = load.result(), beside.result()
    quantiles = [figures["latency_ms"][name] for figures in (mine, cheap) for name in ("p50", "p99")]
    return [mine["calls_per_second"], *quantiles]


def compared(ports: Mapping[str, int], model: str, callers: int, rounds: int, seconds: float) -> float:
    """Print both sides, and return the ratio of their calls per second."""
    found: dict[str, list[list[float]]] = {side: [] for side in ports}
    for _ in range(rounds):
        for side, port in ports.items():
            found[side].append(_measure(port, model, callers, seconds))
    for side, runs in found.items():
        rate, p50, p99, cheap50, cheap99 = map(statistics.median, zip(*runs, strict=True))
        print(
            f"{model:12} {callers:3} {side:9} {rate:7.0f}/s p50 {p50:6.2f} p99 {p99:6.2f} ms; "
            f"{CHEAP} p50 {cheap50:5.2f} p99 {cheap99:6.2f} ms",
            flush=True,
        )
    alone, gathered = found.values()
    return statistics.median(ours[0] / theirs[0] for ours, theirs in zip(gathered, alone, strict=True))


def main() -> None:
    """Start two workers and compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="neighbors,linear,perceptron")
    parser.add_argument("--callers", default="1,16,32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("worker", nargs="*", help="options of both workers, after --")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        stack.enter_context(pinned(SERVER_CORE))
        ports = {}
        definitions = models()
        for side, rows in OPTIONS.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            running = stack.enter_context(
                worker(folder, definitions, "--gather-rows", rows, *PATIENT, *arguments.worker)
            )
            ports[side] = running["port"]
        with pinned(GENERATOR_CORE):
            for model in arguments.models.split(","):
                for callers in map(int, arguments.callers.split(",")):
                    ratio = compared(ports, model, callers, arguments.rounds, arguments.seconds)
                    print(f"{model:12} {callers:3} ratio {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
