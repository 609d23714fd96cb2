"""Settings of a worker that switch a mechanism: the front, the processes, and what plans do without."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.paper.baselines import calls, processes
from benchmarks.paper.baselines.generating import load
from benchmarks.serving.models.calls import Model
from benchmarks.serving.worker import worker

SWITCHES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "the native front": (("--front", "grpcio"), ()),
    "one process more": (("--workers", "1"), ("--workers", "2")),
    "object_sharing": (("--without", "object_sharing"), ()),
    "chain_fusion": (("--without", "chain_fusion"), ()),
    "kept answers": ((), ("--result-cache", "*")),
}
"""The options of a worker without each, and with it."""
CONCURRENCY, ROUNDS, RELEVANT = 16, 3, 0.05


@dataclass(frozen=True)
class Setting:
    """One switch of a worker: medians off and on, and the ratios of the rounds."""

    switch: str
    off_calls_per_second: float
    on_calls_per_second: float
    off_p50_ms: float
    on_p50_ms: float
    off_memory_mb: float
    on_memory_mb: float
    calls_ratios: tuple[float, ...]
    """On / off of each round, which measures both in turn; sorted."""

    @property
    def statement(self) -> str:
        """Return a sentence on what it brings, or does not."""
        low, high = self.calls_ratios[0], self.calls_ratios[-1]
        differs = low > 1 + RELEVANT or high < 1 - RELEVANT
        middle = statistics.median(self.calls_ratios)
        effect = f"{middle:.2f} times the calls" if differs else "no difference that all rounds show in calls"
        memory = f"memory {self.off_memory_mb:.0f} without, {self.on_memory_mb:.0f} MB with it"
        return f"`{self.switch}`: {effect} per second; {memory}."


def settings(
    models: Mapping[str, Any],
    rows: Mapping[str, Any],
    names: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = SWITCHES,
    *,
    seconds: float = 1.0,
    rounds: int = ROUNDS,
) -> list[Setting]:
    """Measure one-row calls of two workers that differ in one setting, in turn; each model is called once before.

    The load is that of the first model's row.
    """
    asked = [Model(name, estimator, rows[name]) for name, estimator in models.items()]
    return settings_of(asked, names, seconds=seconds, rounds=rounds)


def settings_of(
    asked: Sequence[Model],
    names: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = SWITCHES,
    *,
    seconds: float = 1.0,
    rounds: int = ROUNDS,
) -> list[Setting]:
    """Measure like :func:`settings`, models that know their rows."""
    return [_switched(name, asked, *options, seconds, rounds) for name, options in names.items()]


def _switched(
    name: str, models: Sequence[Model], off: tuple[str, ...], on: tuple[str, ...], seconds: float, rounds: int
) -> Setting:
    definitions = {model.name: model.definition for model in models}
    with ExitStack() as stack:
        sides = []
        for options in (off, on):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            ready = stack.enter_context(worker(folder, definitions, "--shed-after-seconds", "0", *options))
            made = [calls.own(f"127.0.0.1:{ready['port']}", model) for model in models]
            for call in made:
                calls.answer(call)
            sides.append((made[0], processes.parent_of(ready["processes"][0])))
        taken = [[load(call, seconds, CONCURRENCY) for call, _ in sides] for _ in range(rounds)]
        memory = [processes.memory_of(process) / 2**20 for _, process in sides]
    rates = [[len(one.latencies) / one.seconds for one in pair] for pair in taken]
    p50 = [1e3 * statistics.median(statistics.median(pair[i].latencies) for pair in taken) for i in (0, 1)]
    medians = [statistics.median(side) for side in zip(*rates, strict=True)]
    return Setting(name, *medians, *p50, *memory, tuple(sorted(b / a for a, b in rates)))
