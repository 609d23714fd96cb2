"""Roles, and the patterns of model names on which an identity has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

ALL = "*"
_PATTERN = re.compile(r"\*|\w[\w./-]{0,199}\*?")


class Role(StrEnum):
    """A kind of calls that an identity may make."""

    PREDICT = "predict"
    READ = "read"
    DEPLOY = "deploy"
    ADMINISTER = "administer"
    WORKER = "worker"


IMPLIED: Mapping[Role, tuple[Role, ...]] = {
    Role.DEPLOY: (Role.READ,),
    Role.ADMINISTER: (Role.DEPLOY, Role.READ, Role.PREDICT),
}
"""The roles that one has with another, on the same models."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Models by name, and by the start of their names."""

    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self:
        """Return patterns that :func:`checked` has accepted."""
        given = set(patterns)
        prefixes = sorted(one.removesuffix(ALL) for one in given if one.endswith(ALL))
        return cls(frozenset(one for one in given if not one.endswith(ALL)), tuple(prefixes))

    def covers(self, model: str) -> bool:
        """Return whether a model matches."""
        return model in self.names or model.startswith(self.prefixes)

    def covers_prefix(self, prefix: str) -> bool:
        """Return whether all models match whose names start so."""
        return prefix.startswith(self.prefixes)

    def __bool__(self) -> bool:
        """Return whether any model can match."""
        return bool(self.names or self.prefixes)


def checked(pattern: str) -> str:
    """Return a pattern.

    Raises:
        ValueError: it is neither a name of a model nor the start of one with a star at its end.
    """
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(f"{pattern[:100]!r}: expected a model's name, or its start and a star at the end, as team-a/*")
    return pattern


def model_of(reference: str) -> str:
    """Return the model of ``name``, ``name@version`` or ``name:alias``."""
    return reference.partition("@")[0].partition(":")[0]
