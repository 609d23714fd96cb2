"""Workspaces, kept from run to run, and the errors of runs in them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from pretzel.errors import CancelledError, DeadlineError, ExhaustedError, InputError
from pretzel.kernels.frame import Workspace
from pretzel.kernels.refused import Refused

T = TypeVar("T")

KEEP_BYTES = 64 << 20
"""Larger frames, grown by a huge request, are freed."""
_workspaces: deque[Workspace] = deque(maxlen=256)  # shared by all programs; append and pop are atomic


class Guard(Protocol):
    """A function that runs another with a workspace, and maps the program's exceptions to Pretzel's errors."""

    def __call__(self, run: Callable[[Workspace], T], /) -> T:
        """Return what ``run`` returns."""


def _guard(take: Callable[[], Workspace], give_back: Callable[[Workspace, int], None]) -> Guard:
    def guarded(run: Callable[[Workspace], T]) -> T:
        workspace = take()
        try:
            return run(workspace)
        except Refused as error:
            raise InputError(str(error)) from None
        except TimeoutError as error:
            raise DeadlineError(str(error)) from None
        except InterruptedError as error:
            raise CancelledError(str(error)) from None
        except MemoryError as error:
            raise ExhaustedError(f"{error}; send fewer rows") from None
        finally:
            give_back(workspace, KEEP_BYTES)

    return guarded


@contextlib.contextmanager
def borrowed(count: int) -> Iterator[list[Workspace]]:
    """Yield so many workspaces of the pool, for one run: together they keep as much memory as one."""
    workspaces = [_take() for _ in range(count)]
    try:
        yield workspaces
    finally:
        for workspace in workspaces:
            _give_back(workspace, KEEP_BYTES // count)


def _take() -> Workspace:
    return _workspaces.pop() if _workspaces else Workspace()


def _give_back(workspace: Workspace, most: int) -> None:
    if workspace.nbytes < most:
        _workspaces.append(workspace)


def _drop(workspace: Workspace, most: int) -> None:
    """Keep nothing: the workspace is freed with its last reference."""


guarded = _guard(_take, _give_back)
"""Runs with a workspace of the pool."""
fresh = _guard(Workspace, _drop)
"""Runs with a workspace of its own."""
