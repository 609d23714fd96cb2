"""The campaign: mutate and run inputs, keep those that reach new edges, and minimize and write faults.

With a fixed seed and a number of runs instead of seconds, a campaign is reproducible.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.coverage import Map
from tests.fuzz.mutate import Mutator
from tests.fuzz.runner import Outcome, Runner
from tests.fuzz.target import Target

MINIMIZE_RUNS, MINIMIZE_SECONDS = 400, 30.0
MAX_FAULTS = 40


@dataclass
class Findings:
    """Statistics and faults of a campaign."""

    runs: int = 0
    edges: int = 0
    inputs: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    """Runs per second, excluding the seeds."""
    faults: dict[str, bytes] = field(default_factory=dict)
    """The minimized input of each fault, by the fault's name."""

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.speed:.0f}/s, {self.edges} edges, {self.inputs} inputs, {len(self.faults)} faults"
        )


class Campaign:
    """Look for faults in one target."""

    def __init__(self, target: Target, runner: Runner, shared: Map, faults: Path, *, seed: int = 0) -> None:
        """Write faults into the directory ``faults``."""
        self.target, self.runner, self.shared, self.directory = target, runner, shared, faults
        self.random = Random(seed)
        self.change = Mutator(self.random, target.form)
        self.corpus: list[bytes] = []
        self.findings = Findings()

    def run(self, seeds: list[bytes], *, runs: int | None = None, seconds: float | None = None) -> Findings:
        """Run the seeds, then mutated inputs, for that many runs in all or that many seconds after the seeds."""
        for data in seeds:
            self._try(data)
        seed_runs, started = self.findings.runs, time.monotonic()
        self.corpus = self.corpus or seeds or [b""]
        while self._continues(runs, None if seconds is None else started + seconds):
            self._try(self.change(self._choose(), self.random.choice(self.corpus)))
        self.findings.seconds = time.monotonic() - started
        self.findings.speed = (self.findings.runs - seed_runs) / max(self.findings.seconds, 1e-9)
        self.findings.edges, self.findings.inputs = self.shared.reached(), len(self.corpus)
        return self.findings

    def _continues(self, runs: int | None, deadline: float | None) -> bool:
        left = runs is None or self.findings.runs < runs
        return left and (deadline is None or time.monotonic() < deadline) and len(self.findings.faults) < MAX_FAULTS

    def _choose(self) -> bytes:
        """Choose an input: half of the time among the latest fifth, else among all."""
        latest = self.random.random() < 0.5
        return self.random.choice(self.corpus[-max(len(self.corpus) // 5, 1) :] if latest else self.corpus)

    def _try(self, data: bytes) -> None:
        outcome = self._run_one(data)
        if outcome.fault and outcome.fault not in self.findings.faults:
            self.findings.faults[outcome.fault] = data
            self.findings.faults[outcome.fault] = self._minimize(data, outcome)
            self._write(outcome, self.findings.faults[outcome.fault])
        elif outcome.new_edges and not outcome.fault:
            self.corpus.append(data)

    def _run_one(self, data: bytes) -> Outcome:
        self.findings.runs += 1
        return self.runner.run(data)

    def _minimize(self, data: bytes, outcome: Outcome) -> bytes:
        """Return a smaller ``data`` with the same fault: cut pieces, then set the remaining ones to zero."""
        deadline, last = time.monotonic() + MINIMIZE_SECONDS, self.findings.runs + MINIMIZE_RUNS

        def reproduces(smaller: bytes) -> bool:
            exhausted = self.findings.runs >= last or time.monotonic() > deadline
            return not exhausted and self._run_one(smaller).fault == outcome.fault

        for change in (_cuts, _zeros):
            size = len(data)
            while size > 0:
                candidate = next(filter(reproduces, change(data, size)), None)
                data, size = (data, size // 2) if candidate is None else (candidate, size)
        return data

    def _write(self, outcome: Outcome, data: bytes) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", outcome.fault).strip("-")[:60]
        path = self.directory / f"{name}-{hashlib.sha256(data).hexdigest()[:8]}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{outcome.fault}\n\n{outcome.details}")


def _cuts(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the input without one piece of that size, the last piece first."""
    for at in range((len(data) - 1) // size * size, -1, -size):
        yield data[:at] + data[at + size :]


def _zeros(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        zeroed = data[:at] + bytes(len(data[at : at + size])) + data[at + size :]
        if zeroed != data:
            yield zeroed
