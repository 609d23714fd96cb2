"""The request log of one serving process: a bounded queue, and the thread that writes."""

from __future__ import annotations

import queue
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Protocol, Self

import structlog

from pretzel.data_plane.telemetry.request_log.entry import Entry
from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.json_lines import JsonLines
from pretzel.data_plane.telemetry.request_log.redaction import Redaction
from pretzel.data_plane.telemetry.request_log.rows import Logged, rows_of
from pretzel.data_plane.telemetry.settings import TelemetrySettings
from pretzel.serving.background import cause_of
from pretzel.serving.log_limit import REFUSED

log = structlog.get_logger(__name__)

MOST_WAITING, MOST_BYTES = 1024, 64 << 20
"""Calls, and their bytes, that wait to be written; more are dropped, and counted."""
BATCH = 64
WRITTEN, DROPPED, FAILED = "request_log_rows", "request_log_dropped", "request_log_failures"
"""Names of the counters: rows written, and calls lost because the queue was full or the files could not be written."""


class Writer(Protocol):
    """Writes rows in one form."""

    def write(self, rows: list[Logged]) -> None:
        """Append rows."""

    def close(self) -> None:
        """Close the present file."""


class RequestLog:
    """Logs calls that are drawn."""

    def __init__(self, writer: Writer, redaction: Redaction, rate: float = 1.0, rows: int = 100) -> None:
        """Log a share of the calls, each with its first ``rows``."""
        self._writer, self._redaction, self._rate, self._rows = writer, redaction, rate, rows
        self.counts: Counter[str] = Counter()
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = self._bytes = 0
        self._random = random.Random()
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, settings: TelemetrySettings, slot: int) -> Self:
        """Return the log that the settings describe."""
        kind: Any = JsonLines
        if settings.request_log_format == "arrow":
            from pretzel.data_plane.telemetry.request_log.arrow import ArrowStreams  # pyarrow is optional

            kind = ArrowStreams
        directory = Path(settings.request_log or ".")
        sizes = settings.request_log_file_bytes, settings.request_log_files
        writer = kind(Files(directory, slot, kind.suffix, *sizes))
        redaction = Redaction(settings.request_log_drop, settings.request_log_hash, settings.request_log_key)
        return cls(writer, redaction, settings.request_log_rate, settings.request_log_rows)

    def draws(self) -> bool:
        """Return whether the next call is logged."""
        return self._random.random() < self._rate

    def offer(self, entry: Entry) -> None:
        """Leave a call to the thread, unless too much waits."""
        with self._lock:
            if self._waiting >= MOST_WAITING or (self._waiting and self._bytes + entry.bytes > MOST_BYTES):
                self.counts[DROPPED] += 1
                return
            self._waiting += 1
            self._bytes += entry.bytes
        self._queue.put(entry)

    def close(self, seconds: float = 60.0) -> None:
        """Write what waits, for a bounded time."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            entries = self._next()
            taken = [entry for entry in entries if entry is not None]
            self._write(taken)
            with self._lock:
                self._waiting -= len(taken)
                self._bytes -= sum(entry.bytes for entry in taken)
            if len(taken) < len(entries):
                self._close()
                return

    def _next(self) -> list[Entry | None]:
        """Wait for a call, and return it with those behind it."""
        entries = [self._queue.get()]
        while entries[-1] is not None and len(entries) < BATCH:
            try:
                entries.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return entries

    def _write(self, entries: list[Entry]) -> None:
        try:
            rows = [row for entry in entries for row in rows_of(entry, self._redaction, self._rows)]
            if rows:
                self._writer.write(rows)
                self.counts[WRITTEN] += len(rows)
        except Exception as error:  # a full disk, or a fault: the calls were answered, and the next ones are logged
            self.counts[FAILED] += len(entries)
            REFUSED.write(log.error, "requests cannot be logged", error=cause_of(error))
            self._close()

    def _close(self) -> None:
        try:
            self._writer.close()
        except Exception as error:
            REFUSED.write(log.error, "a request log cannot be closed", error=cause_of(error))
