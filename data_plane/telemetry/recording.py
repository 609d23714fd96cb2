"""The record of one sampled call, which the parts that it passes through fill.

A call that is not sampled has no record: each of these parts then finds None in a context variable.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from pretzel.data_plane.measure.counters import Calls
from pretzel.engine import Executable
from pretzel.engine.executable import Timed
from pretzel.plan.model import ModelVersion

MOST_RUNS = 64
"""Runs of one call that are recorded: a call for many models has one for each."""
Steps = Sequence[Timed]
"""Kernels, or Python stages, with their seconds and the stages of the plan that they compute."""


@dataclass(slots=True)
class Run:
    """One run of a program.  Times are those of ``time.monotonic()``; 0 before they are known."""

    versions: tuple[ModelVersion, ...]
    """The models that run together."""
    submitted: float
    begun: float = 0.0
    ended: float = 0.0
    rows: int = 0
    steps: Steps = ()
    inputs: tuple[Any, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Load:
    """The time in which a plan was loaded for a call."""

    plan: str
    begun: float
    ended: float = 0.0


@dataclass(slots=True)
class Recording:
    """The record of one call."""

    request_id: str
    traced: bool
    """Each step is measured."""
    logged: bool
    """Inputs and results are kept."""
    trace_id: str = ""
    begun: float = field(default_factory=time.monotonic)
    runs: list[Run] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    failure: str = ""
    """The status of a request whose error is part of a response."""


RECORDING: ContextVar[Recording | None] = ContextVar("pretzel_recording", default=None)
"""The record of the present call; None if it is not sampled."""


def recorded(executable: Executable, *versions: ModelVersion) -> Executable:
    """Return an executable whose runs are recorded, if the present call is."""
    recording = RECORDING.get()
    if recording is None or len(recording.runs) >= MOST_RUNS:
        return executable
    run = Run(versions, time.monotonic())
    recording.runs.append(run)
    return cast(Executable, _Recorded(executable, recording, run))


@contextmanager
def loading(plan: object) -> Iterator[None]:
    """Record that the present call waits for a plan to be loaded."""
    recording = RECORDING.get()
    if recording is None or len(recording.loads) >= MOST_RUNS:
        yield
        return
    load = Load(str(plan), time.monotonic())
    recording.loads.append(load)
    try:
        yield
    finally:
        load.ended = time.monotonic()


def failed(code: str) -> None:
    """Record the status of a request whose error is part of a response."""
    recording = RECORDING.get()
    if recording is not None:
        recording.failure = code


def count(calls: Calls, begun: float, rows: int) -> None:
    """Count a call that was answered now; one that is traced becomes the exemplar of its bucket."""
    seconds = time.monotonic() - begun
    calls.observe(seconds)
    calls.rows += rows
    recording = RECORDING.get()
    if recording is not None and recording.trace_id:
        calls.exemplify(seconds, recording.trace_id)


class _Recorded:
    """An executable in a recorded call; it takes the place of another where that runs once."""

    def __init__(self, executable: Executable, recording: Recording, run: Run) -> None:
        self._executable, self._recording, self._run = executable, recording, run
        self.inputs = executable.inputs

    @property
    def hops(self) -> Any:
        """The Python stages between native steps."""
        return getattr(self._executable, "hops", ())

    def need(self, *arguments: Any) -> Any:
        rows, need = self._executable.need(*arguments)
        self._run.rows = rows
        return rows, need

    def run(
        self,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        helpers: Any = None,
        **options: Any,
    ) -> Any:
        """Run as :meth:`Executable.run`; a traced run takes one thread."""
        run = self._run
        run.begun = time.monotonic()
        try:
            if self._recording.traced:
                results, run.steps = self._executable.run_observed(columns, outputs, **options)
            else:
                results = self._executable.run(columns, outputs, helpers=helpers, **options)
        finally:
            run.ended = time.monotonic()
        if self._recording.logged:
            run.inputs, run.columns, run.results = tuple(self.inputs), columns, results
        return results
