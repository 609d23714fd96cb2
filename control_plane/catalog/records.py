"""Records that the catalog takes for publication and returns as changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.control_plane.catalog.labels import Marking
from pretzel.control_plane.catalog.quotas import NO_QUOTA, Quota
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model


@dataclass(frozen=True, slots=True)
class Release:
    """Content of a new version: its digests, and all objects that must stay in the store for it."""

    plan: Digest
    definition: Digest
    parameter_bytes: int
    holdings: Mapping[Digest, Iterable[Digest]]
    """Objects of the plan and of the definition, by its digest."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    of_model: Marking = Marking()
    """Labels and owner to set on the model."""
    of_version: Marking = Marking()
    """Labels and note to set on the version, new or not."""
    kernel_set: str = "1"
    """The kernels that the plan is for."""
    sample: Digest | None = None
    """The sample to keep with the version; its holdings have it."""
    quota: Quota = NO_QUOTA
    """The identity that is charged for a new version, and for the model if that is new too."""
    deployment: str = ""
    """The identifier that the client drew for its deployment; empty for none."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes that bring a watcher to a revision: the whole catalog (``snapshot``), or the differences."""

    epoch: str
    revision: int
    snapshot: bool
    models: tuple[Model, ...]
    deleted: tuple[str, ...]
