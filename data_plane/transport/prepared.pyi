"""Prepares a choice of outputs of one plan, and answers requests for them without Python objects per column."""

from collections.abc import Sequence

from pretzel.data_plane.scheduling.cost import Cost
from pretzel.engine import Executable

class Prepared:
    """The program of some outputs of an executable, and what is constant in their requests and responses."""

    def __init__(self, executable: Executable, outputs: Sequence[str] | None, cost: Cost) -> None: ...

def needed(prepared: Prepared, rows: int, size: int) -> tuple[int, int]: ...
