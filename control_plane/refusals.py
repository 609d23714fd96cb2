"""Keeps the deployments that their verification refuses, for those who look at the system later."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog

from pretzel.control_plane.catalog.failures import Failure
from pretzel.control_plane.catalog.overview import Overview
from pretzel.errors import PretzelError, VerificationError

_log = structlog.get_logger(part="verify")


@contextmanager
def keeping_refusals(overview: Overview, model: str, metadata: Mapping[str, Any]) -> Iterator[None]:
    """Keep a failed verification of the block in the catalog.

    The caller gets its own error even if that fails, as on a full disk.
    """
    try:
        yield
    except VerificationError as error:
        failure = Failure(model, time.time(), str(metadata.get("estimator") or ""), str(error))
        try:
            overview.note_failure(failure)
        except PretzelError as problem:
            _log.warning("a failed verification could not be recorded", model=model, problem=str(problem))
        raise
