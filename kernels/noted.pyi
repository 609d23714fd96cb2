"""Records which plans each thread runs, in memory that outlives the process: its supervisor reads it after a crash."""

from typing import Any

def record_runs(memory: Any, line: int) -> None:
    """Record in ``memory``, a writable buffer, the plans that each thread runs: ``line`` bytes for each.

    A thread has a line of its own, unless more threads than lines have run programs.
    """

class Note:
    """The keys of the plans that a program runs; at most as many bytes as a line has."""

    def __init__(self, keys: bytes) -> None: ...
