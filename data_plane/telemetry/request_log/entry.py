"""One logged call, as the event loop leaves it for the thread that writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pretzel.data_plane.telemetry.recording import Recording, Run
from pretzel.plan.values import Csr, Labels, Ragged, Texts

TEXT_BYTES = 64
"""Bytes that a text is counted with where its length is not known at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that has ended."""

    time: float
    """Seconds since the epoch at its end."""
    request_id: str
    trace_id: str
    method: str
    status: str
    seconds: float
    runs: tuple[Run, ...]
    bytes: int

    @classmethod
    def of(cls, method: str, status: str, time: float, monotonic: float, recording: Recording) -> Self:
        """Return the entry of a call that ended at these times of the day and of ``time.monotonic()``."""
        runs = tuple(run for run in recording.runs if run.results)
        values = [value for run in runs for part in (run.columns, run.results) for value in part.values()]
        seconds, size = monotonic - recording.begun, sum(map(_bytes, values))
        return cls(time, recording.request_id, recording.trace_id, method, status, seconds, runs, size)


def _bytes(value: Any) -> int:
    if isinstance(value, Texts):
        return value.data.nbytes + value.lengths.nbytes
    if isinstance(value, Csr):
        return value.data.nbytes + value.indices.nbytes + value.starts.nbytes
    if isinstance(value, Ragged):
        return _bytes(value.items) + value.starts.nbytes
    if isinstance(value, Labels):
        return value.codes.nbytes
    nbytes = getattr(value, "nbytes", None)
    return TEXT_BYTES * len(value) if nbytes is None else int(nbytes)
