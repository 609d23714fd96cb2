"""Configures logs: one line per event on standard error, as JSON unless standard error is a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

import structlog

from pretzel.serving.log_stream import LogStream

LEVELS = ("debug", "info", "warning", "error")
_enabled: frozenset[str] = frozenset(LEVELS[1:])


def levels() -> frozenset[str]:
    """Return the levels whose events are logged."""
    return _enabled


def set_levels(enabled: Iterable[str]) -> None:
    """Log events of exactly these levels from now on."""
    global _enabled
    _enabled = frozenset(enabled)


def configure(level: str) -> None:
    """Log events of ``level`` (``debug``, ``info``, ``warning`` or ``error``) and above."""
    level = level.lower()
    set_levels(LEVELS[LEVELS.index(level) if level in LEVELS else 1 :])
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            _drop_disabled,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, LogStream(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def _drop_disabled(logger: Any, method: str, event: Any) -> Any:
    """Drop events of other levels: loggers are cached, so a level in them could not change while a server runs."""
    if method in LEVELS and method not in _enabled:
        raise structlog.DropEvent
    return event
