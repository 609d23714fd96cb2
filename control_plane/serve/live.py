"""The workers that are alive, as they report, and waiting for them to come to a revision."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from pretzel.errors import DeadlineError, InputError

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker last said."""

    name: str
    epoch: str
    revision: int
    kernel_set: str
    address: str
    resident_bytes: int


class LiveWorkers:
    """A table of workers; silence for ``expiry`` seconds means death.  For one event loop."""

    def __init__(self, expiry: float) -> None:
        self.expiry = expiry
        self._workers: dict[str, tuple[Worker, float]] = {}
        self._heard = asyncio.Event()

    def report(self, worker: Worker, leaving: bool = False) -> None:
        """Note what a worker says, or that it goes.

        Raises:
            InputError: it has no name.
        """
        if not worker.name:
            raise InputError("worker: the name is empty; each worker needs one of its own")
        if leaving:
            self._workers.pop(worker.name, None)
        else:
            self._workers[worker.name] = worker, time.monotonic() + self.expiry
        heard, self._heard = self._heard, asyncio.Event()
        heard.set()

    def alive(self) -> list[Worker]:
        """Return the workers heard of lately, and forget the others."""
        now = time.monotonic()
        self._workers = {name: kept for name, kept in self._workers.items() if kept[1] > now}
        return [worker for worker, _ in self._workers.values()]

    def behind(self, epoch: str, revision: int) -> list[Worker]:
        """Return the live workers that do not yet answer from a revision."""
        return [w for w in self.alive() if w.epoch != epoch or w.revision < revision]

    async def reach(self, epoch: str, revision: int, seconds: float) -> None:
        """Return when all live workers have reported a revision; with none alive, at once.

        Raises:
            DeadlineError: some did not within that time; the message names them.
        """
        deadline = time.monotonic() + seconds
        while behind := self.behind(epoch, revision):
            left = deadline - time.monotonic()
            if left <= 0:
                named = ", ".join(f"{w.name} (at {w.revision})" for w in behind[:_MOST_NAMED])
                raise DeadlineError(
                    f"published as revision {revision}, but {len(behind)} workers did not report it in time: {named}"
                )
            try:
                await asyncio.wait_for(self._heard.wait(), min(left, self.expiry / 4))
            except TimeoutError:
                continue
