"""Recognition of LightGBM's files by their first bytes, without what reads them."""

from __future__ import annotations

import re


def is_text(head: bytes) -> bool:
    """Return whether a file with this head is in LightGBM's text format."""
    return re.match(rb"tree\r?\n(?:[a-z_]+=|average_output)", head) is not None
