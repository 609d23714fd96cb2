"""The calls of a version in the present step of a rollout, from the growing counts of workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pretzel.plan.durations import quantile
from pretzel.plan.rollout import Figures

Counts = Mapping[str, Sequence[int]]
"""Faults, refusals and durations, by the instance of the counting."""


class Window:
    """The counts of one version: those of each instance as they were seen last, less those at the start.

    Counts that fall belong to an earlier report, and are left out.  Those of an instance that is gone stay.
    """

    def __init__(self) -> None:
        """Start without counts."""
        self._start: dict[str, list[int]] = {}
        self._seen: dict[str, list[int]] = {}

    def see(self, counts: Counts) -> None:
        """Take the present counts of the instances that report."""
        for instance, numbers in counts.items():
            before = self._seen.get(instance, [])
            if sum(numbers) >= sum(before):
                self._seen[instance] = list(numbers)

    def restart(self) -> None:
        """Count from here on."""
        self._start = dict(self._seen)

    def figures(self) -> Figures:
        """Return what was counted since the start."""
        return _figures(_less(numbers, self._start.get(instance)) for instance, numbers in self._seen.items())

    def started(self) -> dict[str, list[int]]:
        """Return the counts at the start, to be kept."""
        return self._start

    def start_at(self, counts: Counts) -> None:
        """Count from kept counts on."""
        self._start = {instance: list(numbers) for instance, numbers in counts.items()}


def _less(numbers: list[int], start: list[int] | None) -> list[int]:
    return numbers if start is None else [now - before for now, before in zip(numbers, start, strict=True)]


def _figures(parts: Iterable[list[int]]) -> Figures:
    total = [sum(column) for column in zip(*parts, strict=True)]
    if not total:
        return Figures()
    faults, refusals, *durations = total
    return Figures(sum(total), faults, refusals, quantile(durations, 0.99))
