"""Labels: which keys and values are valid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pretzel.errors import InputError

MOST_LABELS = 64
"""Labels of one model, version or worker."""
_MOST_NAME = 63
_MOST_PREFIX = 253
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def check_labels(labels: Mapping[str, str]) -> None:
    """Check the keys and values of labels, and their number.

    Raises:
        InputError: they are not as Kubernetes has them.
    """
    if len(labels) > MOST_LABELS:
        raise InputError(f"labels: {len(labels)} were given; at most {MOST_LABELS} are accepted")
    check_keys(labels)
    for key, value in labels.items():
        check_value(value, f"label {key!r}")


def check_keys(keys: Iterable[str]) -> None:
    """Check keys of labels: a name, or `prefix/name` with a DNS name as prefix."""
    for key in keys:
        prefix, slash, name = key.rpartition("/")
        if not _is_name(name):
            raise InputError(
                f"label key {key[:100]!r}: expected 1 to {_MOST_NAME} letters, digits and - _ . of ASCII, the first "
                "and the last a letter or digit; a DNS name and / may stand before"
            )
        if slash and not (len(prefix) <= _MOST_PREFIX and all(map(_PART.fullmatch, prefix.split(".")))):
            raise InputError(
                f"label key {key[:100]!r}: expected a DNS name of at most {_MOST_PREFIX} characters before /: "
                "lower-case letters, digits, - and ."
            )


def check_value(value: str, what: str) -> None:
    """Check the value of a label; it may be empty."""
    if value and not _is_name(value):
        raise InputError(
            f"{what}: value {value[:100]!r}: expected at most {_MOST_NAME} letters, digits and - _ . of ASCII, the "
            "first and the last a letter or digit; longer texts go into the note"
        )


def _is_name(text: str) -> bool:
    return len(text) <= _MOST_NAME and _NAME.fullmatch(text) is not None
