"""Configures logs: one line per event on standard error, as JSON unless standard error is a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog

from pretzel.serving.log_stream import LogStream


def configure(level: str) -> None:
    """Log events of ``level`` (``debug``, ``info``, ``warning`` or ``error``) and above."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, LogStream(sys.stderr))),
        cache_logger_on_first_use=True,
    )
