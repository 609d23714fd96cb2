"""Likely causes of a failed verification, from the notes of the definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pretzel.errors import VerificationError
from pretzel.plan.caveats import caveats


@contextmanager
def naming_causes(metadata: Mapping[str, Any]) -> Iterator[None]:
    """Add to a failed verification the known caveats of its definition."""
    try:
        yield
    except VerificationError as error:
        causes = caveats(metadata)
        if not causes:
            raise
        raise VerificationError(f"{error}; likely cause: {'; or '.join(causes)}") from error
