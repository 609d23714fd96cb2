"""Recognition of CatBoost's files by their first bytes, without what reads them."""

from __future__ import annotations

import re

MAGIC = b"CBM1"
_HEAD = re.compile(rb'\s*\{\s*"(ctr_data|features_info|model_info|oblivious_trees|scale_and_bias)"\s*:')


def is_cbm(head: bytes) -> bool:
    """Return whether a file with this head is a ``.cbm`` file."""
    return head.startswith(MAGIC)


def is_json(head: bytes) -> bool:
    """Return whether a file with this head is CatBoost's JSON: its keys come first, in any order."""
    return _HEAD.match(head) is not None
