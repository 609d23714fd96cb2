"""Decides which calls are recorded, and passes their records on: to traces, and to request logs."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from pretzel.data_plane.telemetry.recording import RECORDING, Recording
from pretzel.data_plane.telemetry.request_log.entry import Entry
from pretzel.data_plane.telemetry.request_log.log import RequestLog
from pretzel.serving.request_ids import REQUEST_ID, usable

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from pretzel.data_plane.settings import Settings
    from pretzel.data_plane.telemetry.tracing import Tracing

T = TypeVar("T")
Fields = Iterable[tuple[str | bytes, str | bytes]]
CLOSE_SECONDS = 1.5
"""Longest time for what is left: a process that takes longer to stop is killed."""
_READ = frozenset({"traceparent", "tracestate", REQUEST_ID})
_READ_BYTES = frozenset(name.encode() for name in _READ)


@dataclass(slots=True)
class Active:
    """A call that is being recorded."""

    method: str
    span: Span | None
    recording: Recording


class Telemetry:
    """Records calls of one serving process."""

    def __init__(self, tracing: Tracing | None, log: RequestLog | None) -> None:
        self._tracing, self._log = tracing, log

    @classmethod
    def of(cls, settings: Settings, slot: int) -> Telemetry | None:
        """Return what the settings of a worker ask for in the process of a slot; None if that is nothing."""
        tracing, log = None, None
        if settings.tracing:
            from pretzel.data_plane.telemetry.tracing import Tracing  # OpenTelemetry is an optional extra

            tracing = Tracing(f"{settings.worker or socket.gethostname()}-{slot}")
        if settings.request_log is not None:
            log = RequestLog.of(settings, slot)
        return cls(tracing, log) if tracing or log else None

    def begin(self, method: str, fields: Fields, attributes: Mapping[str, Any]) -> Active | None:
        """Return the record of a call that begins now, with these fields of its client; None if it is not sampled."""
        read = {_text(name): _text(value) for name, value in fields if name in _READ or name in _READ_BYTES}
        span = self._tracing.begin(method, read, attributes) if self._tracing is not None else None
        logged = self._log is not None and self._log.draws()
        if span is None and not logged:
            return None
        trace_id = ""
        if span is not None:
            trace_id = f"{span.get_span_context().trace_id:032x}"
        recording = Recording(usable(read.get(REQUEST_ID)), span is not None, logged, trace_id)
        return Active(method, span, recording)

    def end(self, active: Active, code: str, attributes: Mapping[str, Any]) -> None:
        """Pass the record of a call on, which ended with this status."""
        recording = active.recording
        if self._tracing is not None and active.span is not None:
            self._tracing.end(active.span, recording, code, attributes)
        if self._log is not None and recording.logged:
            self._log.offer(Entry.of(active.method, code, time.time(), time.monotonic(), recording))

    async def record(self, active: Active, work: Callable[[], Awaitable[T]], code: Callable[[], str]) -> T:
        """Return the result of a recorded gRPC call; ``code`` returns its status after an abort."""
        token = RECORDING.set(active.recording)
        status = "OK"
        try:
            return await work()
        except grpc.aio.AbortError:
            status = code()
            raise
        except asyncio.CancelledError:
            status = "CANCELLED"
            raise
        except Exception as error:
            status = getattr(error, "code", "INTERNAL")
            raise
        finally:
            RECORDING.reset(token)
            status = active.recording.failure if status == "OK" and active.recording.failure else status
            self.end(active, status, {"rpc.response.status_code": status})

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of logged rows, for metrics."""
        return dict(self._log.counts) if self._log is not None else {}

    def close(self) -> None:
        """Write and send what is left, for a bounded time."""
        closing = self._tracing.start_close() if self._tracing is not None else None
        end = time.monotonic() + CLOSE_SECONDS
        if self._log is not None:
            self._log.close(CLOSE_SECONDS)
        if closing is not None:
            closing.join(max(0.0, end - time.monotonic()))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
