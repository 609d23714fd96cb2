"""Processor cores that this process may use: by its affinity, and by the quotas of its control groups."""

from __future__ import annotations

import math
import os
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
"""Where control groups are mounted; a container sees its own as the root."""


def usable_cores() -> float:
    """Return the number of cores that this process may use at a time; a quota may be a fraction."""
    return min(float(len(os.sched_getaffinity(0))), quota_of(own_group(), GROUPS))


def quota_of(group: str, mount: Path) -> float:
    """Return the smallest quota of a control group and its ancestors, in cores; infinity without one.

    Reads ``cpu.max`` of version 2, and ``cpu.cfs_quota_us`` of version 1 at the root, where a container has its own.
    """
    quotas = [_quota(folder / "cpu.max") for folder in folders_of(group, mount)]
    return min([*quotas, _first_version(mount / "cpu")])


def folders_of(group: str, mount: Path) -> list[Path]:
    """Return the folders of a control group of version 2 and of its ancestors."""
    path = mount / group.strip("/")
    return [folder for folder in (path, *path.parents) if folder.is_relative_to(mount)]


def own_group(listing: Path = Path("/proc/self/cgroup")) -> str:
    """Return the path of this process's group of version 2."""
    for line in text_of(listing).splitlines():
        number, _, path = line.split(":", 2)
        if number == "0":
            return path
    return ""


def _quota(file: Path) -> float:
    """Return the cores of ``cpu.max``: microseconds per period, or ``max``."""
    return _ratio(*(text_of(file).split() or ["max"])[:2])


def _first_version(folder: Path) -> float:
    return _ratio(text_of(folder / "cpu.cfs_quota_us").strip() or "-1", text_of(folder / "cpu.cfs_period_us").strip())


def _ratio(quota: str, period: str = "") -> float:
    """Return quota / period; infinity for ``max``, for a negative quota, and for what is not a number."""
    try:
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    except (ValueError, ZeroDivisionError):
        return math.inf


def text_of(file: Path) -> str:
    """Return the text of a file; empty if it cannot be read."""
    try:
        return file.read_text()
    except OSError:
        return ""
