"""A workload: trained pipelines, each in a pickle of its own, and rows to ask them about."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pretzel.plan import bundle
from pretzel.plan.definition import Definition


@dataclass(frozen=True)
class Member:
    """One trained pipeline."""

    name: str
    pickle: Path
    """The pickle of this pipeline alone, with copies of all that it shares with others."""
    definition: Path
    """The same pipeline, exported."""
    parts: tuple[str, ...]
    """The versions of its featurizers, such as ``w1`` and ``c2``; or its kind, such as ``trivial``."""

    def estimator(self) -> Any:
        """Unpickle it: a new copy at each call."""
        return pickle.loads(self.pickle.read_bytes())

    def exported(self) -> Definition:
        """Read its definition."""
        return bundle.load(self.definition)


@dataclass(frozen=True)
class Workload:
    """Pipelines of one kind, in the order in which experiments add them."""

    name: str
    """``SA`` or ``AC``."""
    members: Sequence[Member]
    rows: Sequence[str] | np.ndarray
    """Texts, or an array of 40 columns."""
    about: str
    """A sentence on what was generated and from what."""

    @cached_property
    def pickled_bytes(self) -> int:
        """The size of all pickles together."""
        return sum(member.pickle.stat().st_size for member in self.members)

    def spread(self, most: int) -> list[Member]:
        """Return at most so many members, from all parts of the workload."""
        count = min(len(self.members), most)
        return [self.members[i * len(self.members) // count] for i in range(count)]


def repeated(rows: Any, count: int) -> Any:
    """Return so many rows: the first of some, again and again if there are fewer."""
    chosen = [i % len(rows) for i in range(count)]
    return [rows[i] for i in chosen] if isinstance(rows, list) else rows[chosen]
