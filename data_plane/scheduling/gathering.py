"""Which waiting requests of one plan run as one: those that wait anyway, if their rows are cheaper together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pretzel.data_plane.scheduling.pace import Pace
from pretzel.data_plane.scheduling.policy import PATIENCE, is_hopeless
from pretzel.data_plane.scheduling.row_costs import GROUP, RowCosts, rounded
from pretzel.data_plane.scheduling.task import Task

MOST_EACH = 16
"""Rows of a request up to which it runs with others; larger ones share their parameters among their own rows."""
MOST_SECONDS = 0.01
"""Expected length of a run of several requests, unless its first one is itself long: others wait for its end."""


class Bounds(NamedTuple):
    """Limits of a run of several requests."""

    rows: int
    memory: int
    """Bytes that are not reserved."""
    longest: float
    """Expected seconds."""
    threads: int
    """Threads that share the requests that wait."""
    now: float
    pace: Pace


def is_gatherable(task: Task) -> bool:
    """Return whether a task may run with others."""
    return task.gatherable is not None and task.gatherable.key is not None and task.gatherable.rows <= MOST_EACH


def companions(first: Task, waiting: Sequence[Task], bounds: Bounds) -> list[Task]:
    """Return the waiting tasks that run as one with ``first``, in their order; none if that is not expected to pay.

    Each thread takes its share of them, or all if only that pays.
    """
    if not is_gatherable(first):
        return []
    alike = [task for task in waiting if is_gatherable(task) and _key(task) is _key(first)]
    if not alike:
        return []
    alike.sort(key=lambda task: task.own)
    share = (len(alike) + 1) // bounds.threads
    for count in dict.fromkeys((share, len(alike))):
        chosen = _fitting(first, alike[:count], bounds)
        if chosen and _costs(first).pays([_rows(first), *map(_rows, chosen)]):
            return chosen
    return []


def expected_together(tasks: Sequence[Task]) -> float:
    """Return the seconds expected for tasks that run as one."""
    return _costs(tasks[0]).expected(sum(map(_rows, tasks)))


def expected_of(tasks: Sequence[Task], most_rows: int) -> float:
    """Return the seconds expected for tasks, of which alike ones may run as one."""
    total, alike = 0.0, dict[object, list[Task]]()
    for task in tasks:
        if most_rows > 1 and is_gatherable(task):
            alike.setdefault(_key(task), []).append(task)
        else:
            total += task.expected
    for group in alike.values():
        rows = min(most_rows, sum(map(_rows, group)))
        total += _costs(group[0]).ratio(rows) * sum(task.expected for task in group)
    return total


def _fitting(first: Task, alike: Sequence[Task], bounds: Bounds) -> list[Task]:
    """Return as many as fit, up to a whole group of rows if there is one.  None is passed by a later one.

    A few rows may take longer than a whole group, so those that do not fit do not end the search there.
    """
    costs, rows, memory = _costs(first), _rows(first), bounds.memory - _copied(first)
    longest = min(bounds.longest, max(MOST_SECONDS, PATIENCE * first.expected))
    remaining = first.remaining(bounds.now)
    chosen: list[Task] = []
    whole = last = 0
    for task in alike:
        left = task.remaining(bounds.now)
        if left is not None and left <= 0:
            continue  # it is rejected at its own turn
        rows, memory = rows + _rows(task), memory - task.bytes - _copied(task)
        if rows > bounds.rows or memory < 0:
            break
        chosen.append(task)
        remaining = min((time for time in (left, remaining) if time is not None), default=None)
        takes = costs.expected(rows)
        if takes <= longest and not is_hopeless(bounds.pace.seconds(takes), remaining):
            last = len(chosen)
            whole = last if rows == rounded(rows) else whole
        elif rows > GROUP:
            break
    return chosen[: whole or last]


def _key(task: Task) -> object:
    assert task.gatherable is not None
    return task.gatherable.key


def _rows(task: Task) -> int:
    assert task.gatherable is not None
    return task.gatherable.rows


def _copied(task: Task) -> int:
    assert task.gatherable is not None
    return task.gatherable.copied


def _costs(task: Task) -> RowCosts:
    assert task.gatherable is not None
    return task.gatherable.costs
