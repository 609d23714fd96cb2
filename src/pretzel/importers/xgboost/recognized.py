"""Recognition of XGBoost's files by their first bytes, without what reads them."""

from __future__ import annotations

import re


def is_json(head: bytes) -> bool:
    """Return whether a file with this head is XGBoost's JSON."""
    return re.match(rb'\s*\{\s*"(learner|version)"\s*:', head) is not None


def is_ubjson(head: bytes) -> bool:
    """Return whether a file with this head is XGBoost's UBJSON."""
    return re.match(rb"\{[iUIlL]\x00*\x07(learner|version)", head) is not None
