"""The placement of a worker: what the control plane lets its serving processes keep loaded."""

from __future__ import annotations

from collections.abc import Callable


class Placed:
    """Hands each new placement to the serving processes."""

    def __init__(self, announce: Callable[..., None]) -> None:
        """Announce to all processes, and to those that start later."""
        self._announce = announce
        self.mark = ""
        """Identifies the present placement; empty: none came."""

    def take(self, mark: str, warm: list[str], pinned: list[str]) -> None:
        """Follow a placement."""
        self._announce("placement", warm=warm, pinned=pinned)
        self.mark = mark
