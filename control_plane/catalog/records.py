"""What the catalog tells: models with their versions and aliases, and what changed since a revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.plan.digest import Digest


@dataclass(frozen=True, slots=True)
class Release:
    """What is published as a version: the digests, and everything that must stay in the store for it."""

    plan: Digest
    definition: Digest
    parameter_bytes: int
    holdings: Mapping[Digest, Iterable[Digest]]
    """The objects that the plan, and those that the definition, name."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version of a model."""

    model: str
    version: int
    plan: Digest
    definition: Digest
    created: float
    """Seconds since the epoch."""
    parameter_bytes: int
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its versions in order, and which of them its aliases name."""

    name: str
    versions: tuple[Version, ...]
    aliases: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a watcher applies to come to a revision: all there is (``snapshot``), or what is different."""

    epoch: str
    revision: int
    snapshot: bool
    models: tuple[Model, ...]
    deleted: tuple[str, ...]
