"""The program: an array of kernels over the slots of a frame; one Python call, one release of the GIL, then C."""

from collections.abc import Sequence
from typing import Any

from pretzel.kernels.frame import Workspace
from pretzel.kernels.kernel import Kernel

class Token:
    """A flag that another thread may raise to stop a run between two kernels, or between two rows of a slow one."""

    def cancel(self) -> None: ...

class Split:
    """A way to run a program on several threads."""

class Program:
    """Kernels in order over typed slots."""

    def __init__(
        self,
        types: Sequence[Any],
        inputs: int,
        steps: Sequence[tuple[Kernel, Sequence[int], int]],
        outputs: Sequence[int],
        block: int,
        noted: bytes = b"",
    ) -> None: ...
    def run(
        self,
        workspace: Workspace,
        columns: list[Any],
        rows: int,
        deadline: float = 0.0,
        token: Token | None = None,
        most: int = 0,
        split: Split | None = None,
    ) -> list[Any]: ...
    def profile(self, workspace: Workspace, columns: list[Any], rows: int) -> list[tuple[float, int]]: ...
