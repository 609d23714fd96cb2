"""Splits of the calls of an alias over versions: 10,000 slots, each of one version, in runs of adjacent ones.

A call falls into a slot by a key or at random.  The slots are kept, and not only the shares, so that a change of shares
moves as few of them as it can, and with them as few keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

SLOTS = 10_000
"""Slots of a split; each is a hundredth of a percent."""
MOST_VERSIONS = 16
"""Versions of a split."""

Runs = tuple[tuple[int, int], ...]
"""Version and number of adjacent slots, in order."""


def shares_of(runs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the number of slots of each version, by version."""
    counts: dict[int, int] = {}
    for version, slots in runs:
        counts[version] = counts.get(version, 0) + slots
    return dict(sorted(counts.items()))


def resliced(runs: Iterable[tuple[int, int]], shares: Mapping[int, int]) -> Runs:
    """Return runs with other shares, in which as many slots as possible keep their version."""
    slots: list[int | None] = [version for version, count in runs for _ in range(count)]
    missing = {version: count - slots.count(version) for version, count in shares.items()}
    surplus = {version: -missing.get(version, -slots.count(version)) for version in {*slots} if version is not None}
    for place in range(SLOTS - 1, -1, -1):
        version = slots[place]
        if version is not None and surplus[version] > 0:
            surplus[version] -= 1
            slots[place] = None
    taking = iter([version for version, count in sorted(missing.items()) for _ in range(count)])
    filled = [next(taking) if version is None else version for version in slots]
    return tuple((version, len(list(group))) for version, group in groupby(filled))


def percent(slots: int) -> str:
    """Return a share in percent, as `5` or `0.25`."""
    return f"{slots / (SLOTS // 100):.2f}".rstrip("0").rstrip(".")
