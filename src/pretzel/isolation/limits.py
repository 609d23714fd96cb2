"""Limits of side processes, and what a server allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MIB = 1 << 20
Consent = Literal["off", "true", "unconfined"]
"""Whether Python stages may run: not; confined; or without the parts of confinement that the kernel lacks."""


@dataclass(frozen=True)
class SideLimits:
    """Limits of one side process and of one call."""

    seconds: float = 10.0
    """Longest time of one call."""
    start_seconds: float = 60.0
    """Longest time to start an environment, or to open an object."""
    memory: int = 1024 * MIB
    """Bytes of address space beyond those of the interpreter with its packages."""
    cpu: int = 120
    """Seconds of processor time of one process, which is replaced before."""
    files: int = 64
    file_bytes: int = 64 * MIB
    """Largest answer, and the largest temporary files."""
    processes: int = 32
    """Threads and processes of the user, where the system counts them."""
    calls: int = 10_000
    """Calls after which a process is replaced."""

    def as_setup(self) -> dict[str, int]:
        """Return the limits that a process imposes on itself."""
        names = ("memory", "cpu", "files", "file_bytes", "processes")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Allowed:
    """The consent of a server, and its limits."""

    consent: Consent = "off"
    environments: Path | None = None
    """The directory with further environments."""
    processes: int = 4
    """Side processes at most; idle ones give way to those of other models."""
    limits: SideLimits = SideLimits()
    setting: str = "python_stages"
    """The name of the setting, for messages."""
