"""Sums what serving processes count, those that are gone included, so that no counter ever falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

Numbers = dict[str, Any]
"""What :meth:`Tally.snapshot` gives; an empty one counts for nothing."""


def merge(parts: Iterable[Numbers]) -> Numbers:
    """Return the sum of several processes' numbers; gauges are left out, as they are not summed over the dead."""
    calls: dict[tuple[str, str], list[Any]] = {}
    errors: Counter[tuple[str, str, str]] = Counter()
    loads: list[Any] = [[], 0.0]
    counts: Counter[str] = Counter()
    background: Counter[str] = Counter()
    for part in parts:
        for method, model, buckets, seconds, rows in part.get("calls", ()):
            known = calls.setdefault((method, model), [[], 0.0, 0])
            known[:] = [_add(known[0], buckets), known[1] + seconds, known[2] + rows]
        for method, model, code, count in part.get("errors", ()):
            errors[method, model, code] += count
        buckets, seconds = part.get("loads", ([], 0.0))
        loads = [_add(loads[0], buckets), loads[1] + seconds]
        counts.update(part.get("counts", {}))
        background.update(part.get("background", {}))
    return {
        "calls": [[*key, *value] for key, value in calls.items()],
        "errors": [[*key, count] for key, count in errors.items()],
        "loads": loads,
        "counts": dict(counts),
        "background": dict(background),
    }


def _add(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)] if left and right else list(left or right)
