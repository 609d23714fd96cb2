from typing import Any

from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program, Token

def run_observed(
    program: Program,
    workspace: Workspace,
    columns: list[Any],
    rows: int,
    deadline: float = ...,
    token: Token | None = ...,
    most: int = ...,
) -> tuple[list[Any], list[tuple[Any, float]]]: ...
