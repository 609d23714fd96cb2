"""The campaign: inputs are changed, run, and kept where they reach something new; faults are made small and written.

Under one seed, and a number of runs rather than of seconds, a campaign is the same each time.
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
from tests.fuzz.runner import Ran, Runner
from tests.fuzz.target import Target

SMALLER_RUNS, SMALLER_SECONDS = 400, 30.0
MOST_FAULTS = 40


@dataclass
class Found:
    """What a campaign came to."""

    runs: int = 0
    edges: int = 0
    kept: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    """Runs a second, once the seeds were run."""
    faults: dict[str, bytes] = field(default_factory=dict)
    """The input of each fault, made small, by the fault's name."""

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.speed:.0f}/s, {self.edges} edges, {self.kept} inputs, {len(self.faults)} faults"
        )


class Campaign:
    """Looks for faults of one target."""

    def __init__(self, target: Target, runner: Runner, shared: Map, faults: Path, *, seed: int = 0) -> None:
        """Write faults into a directory."""
        self.target, self.runner, self.shared, self.directory = target, runner, shared, faults
        self.random = Random(seed)
        self.change = Mutator(self.random, target.form)
        self.corpus: list[bytes] = []
        self.found = Found()

    def run(self, seeds: list[bytes], *, runs: int | None = None, seconds: float | None = None) -> Found:
        """Run the seeds, then changed inputs, until so many were run or so much time has passed since the seeds."""
        for data in seeds:
            self._try(data)
        before, began = self.found.runs, time.monotonic()
        self.corpus = self.corpus or seeds or [b""]
        while self._goes_on(runs, None if seconds is None else began + seconds):
            self._try(self.change(self._chosen(), self.random.choice(self.corpus)))
        self.found.seconds = time.monotonic() - began
        self.found.speed = (self.found.runs - before) / max(self.found.seconds, 1e-9)
        self.found.edges, self.found.kept = self.shared.reached(), len(self.corpus)
        return self.found

    def _goes_on(self, runs: int | None, deadline: float | None) -> bool:
        few = runs is None or self.found.runs < runs
        return few and (deadline is None or time.monotonic() < deadline) and len(self.found.faults) < MOST_FAULTS

    def _chosen(self) -> bytes:
        """Return an input: one of the latest as often as any."""
        late = self.random.random() < 0.5
        return self.random.choice(self.corpus[-max(len(self.corpus) // 5, 1) :] if late else self.corpus)

    def _try(self, data: bytes) -> None:
        ran = self._ran(data)
        if ran.fault and ran.fault not in self.found.faults:
            self.found.faults[ran.fault] = data  # before it is made smaller, so that it is not met again meanwhile
            self.found.faults[ran.fault] = self._smallest(data, ran)
            self._write(ran, self.found.faults[ran.fault])
        elif ran.news and not ran.fault:
            self.corpus.append(data)

    def _ran(self, data: bytes) -> Ran:
        self.found.runs += 1
        return self.runner.run(data)

    def _smallest(self, data: bytes, ran: Ran) -> bytes:
        """Return the least of ``data`` that has the same fault: of what is cut, and then of what is made zero."""
        deadline, last = time.monotonic() + SMALLER_SECONDS, self.found.runs + SMALLER_RUNS

        def does(smaller: bytes) -> bool:
            over = self.found.runs >= last or time.monotonic() > deadline
            return not over and self._ran(smaller).fault == ran.fault

        for change in (_cuts, _zeros):
            size = len(data)
            while size > 0:
                found = next(filter(does, change(data, size)), None)
                data, size = (data, size // 2) if found is None else (found, size)
        return data

    def _write(self, ran: Ran, data: bytes) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", ran.fault).strip("-")[:60]
        path = self.directory / f"{name}-{hashlib.sha256(data).hexdigest()[:8]}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{ran.fault}\n\n{ran.details}")


def _cuts(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the input without each piece of that size, from its end."""
    for at in range((len(data) - 1) // size * size, -1, -size):
        yield data[:at] + data[at + size :]


def _zeros(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        zeroed = data[:at] + bytes(len(data[at : at + size])) + data[at + size :]
        if zeroed != data:
            yield zeroed
