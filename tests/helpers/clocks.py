"""The wall clock of real processes, set while they run; see clock.c."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.helpers.interposed import build

SOURCE = Path(__file__).with_name("clock.c")
DAY = 86_400.0


class WallClock:
    """The clock of the processes that run under one control file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._library, self._control = build(directory, SOURCE), directory / "shift"
        self._control.write_bytes(bytes(8))

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a process that shall have this clock; its children inherit them."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_SHIFT": str(self._control)}

    def set_ahead(self, seconds: float) -> None:
        """Let the clock be ahead of the real one; behind, if negative."""
        with self._control.open("r+b") as file:  # in place: the processes have it mapped
            file.write(struct.pack("=q", int(seconds * 1e9)))
