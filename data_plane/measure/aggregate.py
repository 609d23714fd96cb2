"""Sums the counters of serving processes, including exited ones, so that no counter ever falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pretzel.data_plane.measure.branches import merged

Numbers = dict[str, Any]
"""Result of :meth:`Tally.snapshot`, or empty."""


def merge(parts: Iterable[Numbers]) -> Numbers:
    """Return the sum of several processes' numbers; gauges are left out, as dead processes have none."""
    calls: dict[tuple[str, str], list[Any]] = {}
    errors: Counter[tuple[str, str, str]] = Counter()
    http: Counter[tuple[str, str]] = Counter()
    look_ups: dict[str, list[int]] = {}
    histograms: dict[str, list[Any]] = {"loads": [[], 0.0], "waits": [[], 0.0]}
    counters: dict[str, Counter[str]] = {name: Counter() for name in ("rejected", "limits", "counts", "background")}
    exemplars: dict[tuple[str, str, int], list[Any]] = {}
    triton: dict[tuple[str, str], list[int]] = {}
    parts = list(parts)
    for part in parts:
        for method, model, bucket, *exemplar in part.get("exemplars", ()):
            known = exemplars.get((method, model, bucket))
            exemplars[method, model, bucket] = max(known or exemplar, exemplar, key=lambda one: one[-1])
        for model, version, *numbers in part.get("triton", ()):
            triton[model, version] = _add(triton.get((model, version), []), numbers)
        for method, model, buckets, seconds, rows in part.get("calls", ()):
            total = calls.setdefault((method, model), [[], 0.0, 0])
            total[:] = [_add(total[0], buckets), total[1] + seconds, total[2] + rows]
        for method, model, code, count in part.get("errors", ()):
            errors[method, model, code] += count
        for method, status, count in part.get("http", ()):
            http[method, status] += count
        for model, counts in part.get("look_ups", {}).items():
            look_ups[model] = _add(look_ups.get(model, []), counts)
        for name, total in histograms.items():
            buckets, seconds = part.get(name, ([], 0.0))
            total[:] = [_add(total[0], buckets), total[1] + seconds]
        for name, counter in counters.items():
            counter.update(part.get(name, {}))
    return {
        "calls": [[*key, *value] for key, value in calls.items()],
        "errors": [[*key, count] for key, count in errors.items()],
        "http": [[*key, count] for key, count in http.items()],
        "look_ups": look_ups,
        "exemplars": [[*key, *value] for key, value in exemplars.items()],
        "triton": [[*key, *value] for key, value in triton.items()],
        "branches": merged(parts),
        **histograms,
        **{name: dict(counter) for name, counter in counters.items()},
    }


def _add(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)] if left and right else list(left or right)
