"""Measure a server: calls per processor second, latency, and memory, with answers compared before and after."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.paper.baselines import calls, processes
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.baselines.generating import load
from benchmarks.paper.baselines.servers import SERVERS, Running, Server, started
from benchmarks.serving.models.calls import Model

CONCURRENCY, LOAD = 8, 100.0
MOST_ASKED = 8
"""Models that are asked in turn, spread over all."""
WARM_UP = 0.2


@dataclass(frozen=True)
class Row:
    """One server over some models; if it was skipped, only the reason."""

    server: str
    models: int = 0
    concurrency: int = 0
    calls_per_second: float = 0.0
    """Of the closed loop."""
    calls_per_processor_second: float = 0.0
    """By the time of all processes of the server."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    load: float = 0.0
    """Calls per second that all servers get for the next two figures."""
    load_p50_ms: float = 0.0
    load_p99_ms: float = 0.0
    memory_mb: float = 0.0
    """Proportional set of all processes after the load, in 2**20 bytes."""
    start_seconds: float = 0.0
    """Until each model has answered."""
    wrong: int = 0
    """Models whose answer is not the estimator's."""
    skipped: str = ""

    @property
    def line(self) -> str:
        """Return one line for a terminal."""
        if self.skipped:
            return f"{self.server:<30} skipped: {self.skipped}"
        return (
            f"{self.server:<30} {self.calls_per_second:>8,.0f}/s {self.calls_per_processor_second:>8,.0f}/cpu s "
            f"p50 {self.p50_ms:.2f} p99 {self.p99_ms:.2f} ms; at {self.load:.0f}/s p50 {self.load_p50_ms:.2f} "
            f"p99 {self.load_p99_ms:.2f} ms; {self.memory_mb:.0f} MB, start {self.start_seconds:.1f} s"
            + (f"; {self.wrong} WRONG" if self.wrong else "")
        )


def measure(
    server: str,
    models: Mapping[str, Any],
    rows: Mapping[str, Any],
    seconds: float,
    *,
    concurrency: int = CONCURRENCY,
    rate: float = LOAD,
    install: bool = False,
) -> Row:
    """Measure a server of :data:`SERVERS` for about ``seconds``, half of them closed, half at ``rate`` calls a second.

    Args:
        server: its name.
        models: fitted estimators by name.
        rows: for each model, one row: a text, or numbers.
        seconds: time under load.
        concurrency: connections, each with one call in flight.
        rate: calls per second of the second half.
        install: make the environment of a rival if it is not there.

    Returns:
        the figures, or a row that says in one line why the server was skipped.
    """
    asked = [Model(name, estimator, rows[name]) for name, estimator in models.items()]
    return measure_models(server, asked, seconds, concurrency=concurrency, rate=rate, install=install)


def measure_models(
    server: str, asked: Sequence[Model], seconds: float, *, concurrency: int, rate: float, install: bool = False
) -> Row:
    """Measure like :func:`measure`, models that know their rows."""
    chosen = SERVERS[server]
    try:
        with started(chosen, asked, install=install) as running:
            return _measured(chosen, asked, running, seconds, concurrency, rate)
    except SkippedError as error:
        return Row(server, skipped=str(error))


def _measured(
    server: Server, models: Sequence[Model], running: Running, seconds: float, concurrency: int, rate: float
) -> Row:
    wrong = _wrong(models, running)
    step = max(1, len(models) // MOST_ASKED)
    made = [running.calls[model.name] for model in models][::step][:MOST_ASKED]
    part = seconds / 2 / len(made)
    try:
        for call in made:
            load(call, WARM_UP, concurrency)
        before = processes.seconds_of(running.process)
        closed = [load(call, part, concurrency) for call in made]
        spent = processes.seconds_of(running.process) - before
        paced = [load(call, part, concurrency, rate) for call in made]
    except RuntimeError as error:
        raise SkippedError(f"{server.name}: {error}") from None
    memory = processes.memory_of(running.process) / 2**20
    answered = [one for item in closed for one in item.latencies]
    at_load = [one for item in paced for one in item.latencies]
    return Row(
        server.name,
        len(models),
        concurrency,
        statistics.fmean(len(item.latencies) / item.seconds for item in closed),
        len(answered) / max(spent, 1 / processes.TICK),
        *_percentiles(answered),
        rate,
        *_percentiles(at_load),
        memory,
        running.start_seconds,
        max(wrong, _wrong(models, running)),  # after the load too: h2load does not see gRPC's status
    )


def _percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    return float(p50), float(p99)


def _wrong(models: Sequence[Model], running: Running) -> int:
    """Return the number of models whose answer is not their estimator's."""
    return sum(not _alike(calls.answer(running.calls[model.name]), model.expected) for model in models)


def _alike(answer: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        return bool(np.isclose(answer, expected, rtol=1e-6, atol=1e-9))
    return bool(answer == expected)
