"""One run of a program on several threads: parts of its rows, each in a frame of its thread."""

from collections.abc import Sequence

from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program, Split
from pretzel.kernels.team import Team

LEAST_ROWS: int

def frames_needed(program: Program, rows: int, width: int) -> int: ...
def learn_run(program: Program, seconds: float, rows: int) -> None: ...

class Parts(Split):
    """One run on several threads.  It may turn out that one is enough."""

    helped: float

    def __init__(self, team: Team, program: Program, width: int, workspaces: Sequence[Workspace]) -> None: ...
