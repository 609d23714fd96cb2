"""Memory in use, as a part of what this process may use: by the limits of its control groups, and of the machine."""

from __future__ import annotations

from pathlib import Path

from pretzel.serving.cores import GROUPS, folders_of, own_group, text_of

_FIRST_VERSION = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
MEMINFO = Path("/proc/meminfo")


def used_memory() -> float:
    """Return the part of the memory that is in use: of the machine, or of a control group if that is fuller."""
    return max(of_groups(own_group(), GROUPS), of_machine(MEMINFO))


def of_groups(group: str, mount: Path) -> float:
    """Return the largest part in use of a control group and its ancestors that have a limit; 0 without one.

    Reads version 2, and version 1 at the root, where a container has its own.  Cached files that are not in use do not
    count: they make room for what is.
    """
    shares = [_share(folder, "memory.max", "memory.current", "inactive_file") for folder in folders_of(group, mount)]
    return max([*shares, _share(mount / "memory", *_FIRST_VERSION)])


def of_machine(meminfo: Path) -> float:
    """Return the part of the machine's memory that is not available; 0 if that is unknown."""
    fields = {name: words for name, _, words in (line.partition(":") for line in text_of(meminfo).splitlines())}
    total, available = (_number((fields.get(name) or "0").split()[0]) for name in ("MemTotal", "MemAvailable"))
    return 1 - available / total if total else 0.0


def _share(folder: Path, limit: str, usage: str, cached: str) -> float:
    most, used = (_number(text_of(folder / name).strip()) for name in (limit, usage))
    stat = dict(line.split(" ", 1) for line in text_of(folder / "memory.stat").splitlines() if " " in line)
    return max(used - _number(stat.get(cached, "")), 0) / most if most else 0.0


def _number(text: str) -> int:
    """Return a number; 0 for ``max`` and for what is none."""
    return int(text) if text.isascii() and text.isdecimal() else 0
