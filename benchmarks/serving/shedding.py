"""Measure the goodput of cheap calls under overload: ``python -m benchmarks.serving.shedding``.

A worker on one core serves an open loop of calls from the other core, with and without shedding.  Goodput is the number
of answers within 50 ms of the arrival of their call, also if that waited in the client because all streams were open.
Each run follows a measurement of the capacity, for the machine may be busy; the table has the medians of all rounds.
The capacity is that with as many calls in flight as give the most answers: with more, some may be refused.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.serving.grpcio_load import GrpcioLoad
from benchmarks.serving.models import small
from benchmarks.serving.open_loop import Load, Outcome
from benchmarks.serving.overload import GENERATOR_CORE, SERVER_CORE, pinned, processor_seconds
from benchmarks.serving.worker import worker
from pretzel.data_plane.transport.head import seconds_of
from pretzel.importers import definition_of
from pretzel.plan.definition import Definition
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

PATH = "/pretzel.v1.PredictionService/Predict"
WITHIN, DEADLINE = 0.05, 1.0
"""Seconds that a good answer takes, and after which a client gives up a call that it could not send."""
CALM = 0.2
"""Seconds without calls before a load, so that its overload is none that the measurement of the capacity caused."""
IN_FLIGHT = 16, 64, 256
WIDTH = 40


def searching(rows: int) -> Definition:
    """Return a search for the nearest of so many rows."""
    x = np.random.default_rng(0).normal(size=(rows, WIDTH))
    return definition_of(KNeighborsClassifier(algorithm="brute").fit(x, (x[:, 0] > 0).astype(int)))


MODELS: dict[str, Callable[[], Definition]] = {
    "row": lambda: definition_of(small.wine_classifier()),
    "100us": lambda: searching(18_000),
    "300us": lambda: searching(36_000),
    "1ms": lambda: searching(60_000),
}


HEADER = (
    "| call | load | capacity/s | goodput | least | answers/s | refused/s | expired/s | p50 ms | p99 ms | fairness "
    "| server | generator |"
)


@dataclass
class Run:
    """One load of one round."""

    capacity: float
    outcome: Outcome
    spent: float
    """Processor seconds of the server."""
    offering: float
    """Processor seconds of the generator."""


def measure(name: str, loads: list[float], options: list[str], arguments: argparse.Namespace) -> None:
    """Print one line per load."""
    seconds, rounds = arguments.seconds, arguments.rounds
    row: dict[str, Any] = small.columns()["wine"] if name == "row" else {"X": np.ones((1, WIDTH))}
    message = pb.PredictRequest(model=name, columns=columns_to_proto(row)).SerializeToString()
    with tempfile.TemporaryDirectory() as cache:
        with pinned(SERVER_CORE):
            running = worker(Path(cache), {name: MODELS[name]()}, *options)
            ready = running.__enter__()
        try:
            with pinned(GENERATOR_CORE):
                load = generator(ready["port"], message, arguments)
                load.capacity(seconds / 2, max(IN_FLIGHT))
                calls = max(IN_FLIGHT, key=lambda calls: len(load.capacity(seconds / 4, calls).taken))
                runs = [
                    [run(load, offered, seconds, ready["processes"][0], calls) for offered in loads]
                    for _ in range(rounds)
                ]
                load.close()
        finally:
            running.__exit__(None, None, None)
    for i, offered in enumerate(loads):
        print(line(name, offered, [each[i] for each in runs]), flush=True)


def generator(port: int, message: bytes, arguments: argparse.Namespace) -> Load | GrpcioLoad:
    """Return the client that offers the load."""
    if arguments.client == "grpcio":
        return GrpcioLoad(port, PATH, message, seconds_of(arguments.timeout.encode()) if arguments.timeout else None)
    return Load(port, PATH, message, arguments.connections, arguments.timeout)


def run(load: Load | GrpcioLoad, offered: float, seconds: float, server: int, calls: int) -> Run:
    """Measure the capacity with so many calls in flight, and then offer a multiple of it."""
    capacity = len(load.capacity(seconds / 2, calls).taken) / (seconds / 2)
    time.sleep(CALM)
    before, own = processor_seconds(server), time.process_time()
    outcome = load.offer(capacity * offered, seconds, DEADLINE)
    return Run(capacity, outcome, processor_seconds(server) - before, time.process_time() - own)


def line(name: str, offered: float, runs: list[Run]) -> str:
    """Format one line of the table."""
    goodput = [each.outcome.goodput(WITHIN) / each.capacity for each in runs]
    cells = [name, f"{offered:.0%}", f"{middle(each.capacity for each in runs):,.0f}"]
    cells += [f"{middle(goodput):.0%}", f"{min(goodput):.0%}"]
    cells += [f"{middle(len(each.outcome.taken) / each.outcome.seconds for each in runs):,.0f}"]
    cells += [f"{middle(len(each.outcome.refused) / each.outcome.seconds for each in runs):,.0f}"]
    cells += [f"{middle(each.outcome.expired / each.outcome.seconds for each in runs):,.0f}"]
    cells += [f"{middle(each.outcome.quantile(part) for each in runs) * 1000:.1f}" for part in (0.5, 0.99)]
    cells += [f"{middle(each.outcome.fairness for each in runs):.2f}"]
    cells += [f"{middle(each.spent / each.outcome.seconds for each in runs):.0%}"]
    cells += [f"{middle(each.offering / each.outcome.seconds for each in runs):.0%}"]
    return "| " + " | ".join(cells) + " |"


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return float(np.median(list(values)))


def main() -> None:
    """Measure each model with and without shedding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="row,100us,300us,1ms")
    parser.add_argument("--loads", default="0.5,0.8,1.3,2,3", help="multiples of the capacity")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds per line")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--client", choices=("frames", "grpcio"), default="frames", help="grpcio has one connection")
    parser.add_argument("--timeout", default="", help="the deadline of calls, as gRPC writes it: 50m for 50 ms")
    parser.add_argument("--options", default=";--shed-after-seconds 0", help="options of workers, separated by `;`")
    arguments = parser.parse_args()
    print(HEADER)
    print("|---" * (HEADER.count("|") - 1) + "|", flush=True)
    for options in arguments.options.split(";"):
        print(f"\nworker {options}\n")
        for name in arguments.models.split(","):
            loads = [float(load) for load in arguments.loads.split(",")]
            measure(name, loads, options.split(), arguments)


if __name__ == "__main__":
    main()
