"""The workers that are alive, as they report, and waiting for them to come to a revision."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pretzel.errors import DeadlineError, InputError, PreconditionError, UnavailableError

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
    held: Mapping[str, str] = field(default_factory=dict)
    """Models that it does not serve as they were published, and why."""
    problems: Sequence[str] = ()


class LiveWorkers:
    """A table of workers; silence for ``expiry`` seconds means death.  For one event loop."""

    def __init__(self, expiry: float) -> None:
        self.expiry = expiry
        self._workers: dict[str, tuple[Worker, float]] = {}  # and when it counts as dead
        self._heard = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """End every wait: the server is going away, and workers hear of no change from it any more."""
        self._closed = True
        self._wake()

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
        self._wake()

    def alive(self) -> list[Worker]:
        """Return the workers heard of lately, and forget the others."""
        now = time.monotonic()
        self._workers = {name: kept for name, kept in self._workers.items() if kept[1] > now}
        return [worker for worker, _ in self._workers.values()]

    def behind(self, epoch: str, revision: int) -> list[Worker]:
        """Return the live workers that do not yet answer from a revision."""
        return [w for w in self.alive() if w.epoch != epoch or w.revision < revision]

    def held(self) -> dict[str, dict[str, str]]:
        """Return the models that live workers hold back: for each, what each of these workers says."""
        found: dict[str, dict[str, str]] = {}
        for worker in self.alive():
            for model, reason in worker.held.items():
                found.setdefault(model, {})[worker.name] = reason
        return found

    def problems(self) -> list[str]:
        """Return what live workers say is wrong with them."""
        return [f"worker {worker.name}: {problem}" for worker in self.alive() for problem in worker.problems]

    def refusing(self, epoch: str, revision: int, model: str, since: float) -> dict[str, str]:
        """Return the live workers that say that they cannot serve a revision of a model, and what they say.

        A worker that is behind speaks of that revision only in reports that came some time ``since`` it was published.
        """
        found = {}
        for worker in self.alive():
            heard = self._workers[worker.name][1] - self.expiry
            if worker.epoch == epoch and (worker.revision >= revision or heard > since + self.expiry / 4):
                reason = worker.held.get(model)
            else:
                reason = "; ".join(worker.problems) if worker.epoch != epoch else None
            if reason:
                found[worker.name] = reason
        return found

    async def reach(self, epoch: str, revision: int, seconds: float, model: str = "") -> None:
        """Return when all live workers serve a model as of a revision; with none alive, at once.

        Raises:
            DeadlineError: some did not report it within that time; the message names them.
            PreconditionError: some say that they cannot, and the others have reported it.
            UnavailableError: the server is going away; the same deployment again waits for the same version.
        """
        since = time.monotonic()
        while True:
            refusing = self.refusing(epoch, revision, model, since)
            behind = [worker for worker in self.behind(epoch, revision) if worker.name not in refusing]
            left = since + seconds - time.monotonic()
            if behind and left <= 0:
                raise _late(revision, behind)
            if not behind:
                break
            if self._closed:
                raise UnavailableError(f"published as revision {revision}, but the control plane is going away")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), min(left, self.expiry / 4))
        if refusing:
            raise _refused(revision, model, refusing)

    def _wake(self) -> None:
        heard, self._heard = self._heard, asyncio.Event()
        heard.set()


def _late(revision: int, behind: Sequence[Worker]) -> DeadlineError:
    named = ", ".join(f"{w.name} (at {w.revision})" for w in behind[:_MOST_NAMED])
    return DeadlineError(
        f"published as revision {revision}, but {len(behind)} workers did not report it in time: {named}"
    )


def _refused(revision: int, model: str, refusing: Mapping[str, str]) -> PreconditionError:
    named = "; ".join(f"{worker}: {reason}" for worker, reason in list(refusing.items())[:_MOST_NAMED])
    return PreconditionError(
        f"published as revision {revision}, but {len(refusing)} workers do not serve model {model!r} as of it yet: "
        f"{named}; they go on trying, and serve it when that is mended"
    )
