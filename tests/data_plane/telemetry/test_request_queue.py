"""The queue of the request log, and its settings."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.data_plane.settings import Settings
from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.json_lines import JsonLines
from pretzel.data_plane.telemetry.request_log.log import DROPPED, FAILED, MOST_WAITING, WRITTEN, RequestLog
from pretzel.data_plane.telemetry.request_log.rows import Logged
from tests.data_plane.telemetry.test_request_log import OPEN, entry, simple


class Held:
    """A writer that waits until it may write."""

    def __init__(self) -> None:
        self.begun, self.may = threading.Event(), threading.Event()
        self.rows: list[Logged] = []

    def write(self, rows: list[Logged]) -> None:
        self.begun.set()
        assert self.may.wait(60)
        self.rows += rows

    def close(self) -> None:
        pass


def test_calls_that_find_a_full_queue_are_dropped_and_counted():
    writer = Held()
    log = RequestLog(writer, OPEN)
    log.offer(simple(1))
    assert writer.begun.wait(60)
    for _ in range(MOST_WAITING + 9):
        log.offer(simple(1))
    assert log.counts[DROPPED] == 10  # the one that is being written has a place too
    writer.may.set()
    log.close()
    assert log.counts[WRITTEN] == len(writer.rows) == MOST_WAITING


def test_large_calls_are_bounded_by_their_bytes():
    writer = Held()
    log = RequestLog(writer, OPEN, rows=1)
    large = entry({"age": np.zeros(3 << 20)}, {"predict": np.zeros(1)}, age="f64")  # 24 MiB
    for _ in range(4):
        log.offer(large)
    assert log.counts[DROPPED] == 2
    writer.may.set()
    log.close()
    assert log.counts[WRITTEN] == 2


def test_a_directory_that_cannot_be_written_loses_the_calls_alone(tmp_path: Path):
    (tmp_path / "file").write_text("")
    log = RequestLog(JsonLines(Files(tmp_path / "file", 0, "jsonl", 1 << 20, 1)), OPEN)
    log.offer(simple(2))
    log.close()
    assert (log.counts[FAILED], log.counts[WRITTEN]) == (1, 0)


def test_a_share_of_the_calls_is_drawn():
    never = RequestLog(Held(), OPEN, rate=1e-12)
    always = RequestLog(Held(), OPEN)
    assert not any(never.draws() for _ in range(1000))
    assert all(always.draws() for _ in range(1000))
    never.close()
    always.close()


def test_nothing_is_logged_by_default():
    settings = Settings()
    assert (settings.request_log, settings.tracing, settings.triton_metrics) == (None, False, False)
    assert settings.request_log_key != Settings().request_log_key


@pytest.mark.parametrize(
    ("module", "settings", "message"),
    [
        ("opentelemetry.exporter.otlp.proto.grpc", {"tracing": True}, r"tracing needs .*pretzel\[telemetry\]"),
        ("pyarrow", {"request_log": "x", "request_log_format": "arrow"}, "arrow needs .*pip install pyarrow"),
    ],
)
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, settings: dict[str, Any], message: str
):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ValueError, match=message):
        Settings(**settings)
