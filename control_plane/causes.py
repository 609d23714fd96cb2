"""Why a verification is likely to have failed, as the notes of the definition tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pretzel.errors import VerificationError
from pretzel.plan.caveats import caveats


@contextmanager
def naming_causes(metadata: Mapping[str, Any]) -> Iterator[None]:
    """Add to a failed verification where the answers of the definition had to be feared to differ."""
    try:
        yield
    except VerificationError as error:
        known = caveats(metadata)
        if not known:
            raise
        raise VerificationError(f"{error}; likely cause: {'; or '.join(known)}") from error
