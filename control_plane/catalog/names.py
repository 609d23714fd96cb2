"""Names of models, and the three forms of a reference: `name`, `name@version`, `name:alias`."""

from __future__ import annotations

import re
from typing import NamedTuple

from pretzel.errors import InputError

STABLE = "stable"
"""The alias that a bare name refers to."""

_MODEL = re.compile(r"\w[\w./-]{0,199}")
_ALIAS = re.compile(r"\w[\w.-]{0,63}")
_VERSION = re.compile(r"[1-9]\d{0,17}")


class Reference(NamedTuple):
    """A model, and a version or an alias of it; both are None for the bare name."""

    model: str
    version: int | None = None
    alias: str | None = None


def parse(text: str) -> Reference:
    """Parse `name`, `name@version` or `name:alias`.

    Raises:
        InputError: the text has none of these forms.
    """
    if "@" in text:
        model, _, number = text.partition("@")
        if not _VERSION.fullmatch(number):
            raise InputError(f"model {text[:100]!r}: version {number[:40]!r} is not a number from 1; write name@3")
        return Reference(check_model(model), version=int(number))
    model, colon, alias = text.partition(":")
    return Reference(check_model(model), alias=check_alias(alias) if colon else None)


def check_model(name: str) -> str:
    """Return a valid model name, or raise :class:`InputError`."""
    if not _MODEL.fullmatch(name):
        raise InputError(
            f"model name {name[:100]!r}: expected 1 to 200 letters, digits and _ . - /, the first a letter, digit or _"
        )
    return name


def check_alias(name: str) -> str:
    """Return a valid alias, or raise :class:`InputError`."""
    if not _ALIAS.fullmatch(name):
        raise InputError(
            f"alias {name[:100]!r}: expected 1 to 64 letters, digits and _ . -, the first a letter, digit or _"
        )
    return name
