"""Runs over many rows on several threads: the team that helps, and the frames of its runs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from pretzel.engine.workspaces import borrowed, guarded
from pretzel.errors import InputError
from pretzel.kernels.parts import LEAST_ROWS, Parts, frames_needed, learn_run
from pretzel.kernels.program import Program, Token
from pretzel.kernels.team import MOST_THREADS, Team


class Helpers:
    """Other threads for runs, up to ``width`` for each, its own among them.  Thread-safe.

    ``counts``: whether the thread of each run is counted as one of the team's limit; False if its pool does that.
    """

    def __init__(self, team: Team, width: int, *, counts: bool) -> None:
        self.team, self.width, self._counts = team, width, counts
        self.helped = 0.0
        """Processor seconds of other threads, in all runs."""

    def run(
        self, program: Program, bound: list[Any], rows: int, deadline: float, token: Token | None, most: int
    ) -> list[Any]:
        """Run as :meth:`Program.run`."""
        with self.split(program, rows) as split:
            begun = time.perf_counter()
            results = guarded(lambda workspace: program.run(workspace, bound, rows, deadline, token, most, split))
            if split is None:
                learn_run(program, time.perf_counter() - begun, rows)
        return results

    @contextlib.contextmanager
    def split(self, program: Program, rows: int) -> Iterator[Parts | None]:
        """Yield what runs ``program`` on several threads, if it is worth it for so many rows; else None.

        Texts and sparse rows of the results must be taken before the end of the context.
        """
        with borrowed(frames_needed(program, rows, self.width)) as workspaces:
            if not workspaces:
                yield None
                return
            parts = Parts(self.team, program, self.width, workspaces)
            if self._counts:
                self.team.enter()
            try:
                yield parts
            finally:
                self.helped += parts.helped
                if self._counts:
                    self.team.leave()


_team: Team | None = None
_lock = threading.Lock()


def shared_helpers(threads: int) -> Helpers | None:
    """Return helpers of the team that all runs of this process share; None for one thread.

    Raises:
        InputError: the number of threads is out of range.
    """
    global _team
    if not 1 <= threads <= MOST_THREADS:
        raise InputError(f"threads: expected 1 to {MOST_THREADS}, got {threads}")
    if threads == 1:
        return None
    with _lock:
        if _team is None:
            _team = Team(threads)
        _team.allow(threads)
    return Helpers(_team, threads, counts=True)


__all__ = ["LEAST_ROWS", "Helpers", "shared_helpers"]
