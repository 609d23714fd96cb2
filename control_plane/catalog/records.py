"""What the catalog is given to publish, and what it tells of changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.plan.digest import Digest
from pretzel.plan.model import Model


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
class Changes:
    """What a watcher applies to come to a revision: all there is (``snapshot``), or what is different."""

    epoch: str
    revision: int
    snapshot: bool
    models: tuple[Model, ...]
    deleted: tuple[str, ...]
