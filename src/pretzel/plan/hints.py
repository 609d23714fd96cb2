"""Hints of a model: which workers serve it, and which keep it loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pretzel.errors import InputError
from pretzel.plan.selectors import Requirement, matches, parse

MOST_REPLICAS = 100


@dataclass(frozen=True, slots=True)
class Hints:
    """Hints of one model."""

    pin: bool = False
    """Workers that keep it loaded never evict it."""
    replicas: int = 0
    """The least number of workers that keep it loaded; 0: as the control plane is set."""
    workers: str = ""
    """A selector of the labels of the workers that serve it; empty: all do."""

    def __bool__(self) -> bool:
        return self != NONE

    def check(self) -> None:
        """Check every part.

        Raises:
            InputError: the selector is malformed, or there are too many replicas.
        """
        if not 0 <= self.replicas <= MOST_REPLICAS:
            raise InputError(f"replicas: expected 0 to {MOST_REPLICAS}, got {self.replicas}")
        parse(self.workers)

    def admit(self, labels: Mapping[str, str]) -> bool:
        """Return whether a worker with some labels serves the model; none does whose selector cannot be read."""
        if not self.workers:
            return True
        requirements = _parsed(self.workers)
        return requirements is not None and matches(requirements, labels)


NONE = Hints()


@dataclass(frozen=True, slots=True)
class Hinting:
    """A change of hints; None leaves one as it is."""

    pin: bool | None = None
    replicas: int | None = None
    workers: str | None = None

    def __bool__(self) -> bool:
        return self != Hinting()

    def applied(self, hints: Hints) -> Hints:
        """Return hints after the change."""
        return Hints(
            hints.pin if self.pin is None else self.pin,
            hints.replicas if self.replicas is None else self.replicas,
            hints.workers if self.workers is None else self.workers.strip(),
        )


@lru_cache(1024)
def _parsed(selector: str) -> tuple[Requirement, ...] | None:
    try:
        return parse(selector)
    except InputError:  # of a later release
        return None
