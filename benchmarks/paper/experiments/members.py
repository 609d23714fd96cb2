"""Members of a workload for experiments over a network: a spread of them, each with a row of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from benchmarks.paper.sizes import SIZES, Size
from benchmarks.paper.workloads import Member, Workload
from benchmarks.serving.models.calls import Model
from pretzel.plan.definition import Definition

MOST, FEWEST = 20, 2


class Kept(Model):
    """A member with a row, whose estimator is unpickled only while it is used: twenty of them take gigabytes."""

    def __init__(self, member: Member, row: Any) -> None:
        for name, value in (("name", member.name), ("row", row), ("member", member)):
            object.__setattr__(self, name, value)  # the class is frozen

    member: Member

    @property
    def estimator(self) -> Any:
        """Unpickle it."""
        return self.member.estimator()

    @cached_property
    def definition(self) -> Definition:
        """Return what was exported when it was generated."""
        return self.member.exported()

    @cached_property
    def expected(self) -> Any:
        """Return the estimator's own answer."""
        return super().expected

    def pickled(self) -> bytes:
        """Return the pickle as it was written."""
        return self.member.pickle.read_bytes()


def spread(workload: Workload, size: Size, most: int = MOST) -> Sequence[Kept]:
    """Return members from all parts of a workload: ``most`` of the full size, fewer of smaller ones."""
    count = min(len(workload.members), max(FEWEST, size.models * most // SIZES["full"].models))
    return [Kept(member, workload.rows[i % len(workload.rows)]) for i, member in enumerate(workload.spread(count))]
