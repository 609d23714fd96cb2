"""The log: one JSON object a line, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO, cast

import structlog

from pretzel.serving.log_stream import LogStream


def configure(level: str) -> None:
    """Send everything at or above a level to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, LogStream(sys.stderr))),
    )


def logger(name: str) -> Any:
    """Return the log of a part."""
    return structlog.get_logger(part=name)
