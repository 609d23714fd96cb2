"""Table of live workers from their reports, and waiting until they reach a revision."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from pretzel.errors import DeadlineError, ExhaustedError, InputError, PreconditionError, UnavailableError
from pretzel.plan.hints import NONE, Hints
from pretzel.plan.labels import check_labels

MOST_WORKERS = 10_000
"""Live workers; reports of further ones are rejected."""
MOST_NAME = 200
"""Characters of a worker's name, address, and set of kernels."""
MOST_REASON = 1000
"""Characters of a reason or a problem in a report; longer ones are cut."""
MOST_HELD, MOST_PROBLEMS = 10_000, 100
"""Models held back, and problems, that a report keeps; further ones are dropped."""
MOST_FIGURES = 1000
"""Versions that a report has figures of; further ones are dropped."""
MOST_TEXT = 64 << 20
"""Characters of all reports together."""
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Worker:
    """The last report of one worker."""

    name: str
    epoch: str
    revision: int
    kernel_set: str
    address: str
    resident_bytes: int
    held: Mapping[str, str] = field(default_factory=dict)
    """Models that it does not serve as published, and the reason."""
    problems: Sequence[str] = ()
    metrics: str = ""
    """URL of its metrics; empty if it reported none, or one of more than ``MOST_NAME`` characters."""
    labels: Mapping[str, str] = field(default_factory=dict)

    instance: str = ""
    """Of its counting: the figures of another one start at zero."""
    figures: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Its counts of the versions of split aliases: faults, refusals and durations."""

    @property
    def text(self) -> int:
        """Number of characters of what it holds back, of its problems, of its labels and about of its figures."""
        texts = *self.held, *self.held.values(), *self.problems, *self.labels, *self.labels.values()
        return sum(map(len, texts)) + sum(map(len, self.figures.values()))


@dataclass(frozen=True, slots=True)
class Other:
    """The last report of a worker, as control planes exchange them."""

    worker: Worker
    age: float
    """Seconds since the report arrived."""
    follows: bool
    """Whether the worker follows the catalog."""
    lasts: float = 0.0
    """Seconds for which it counts as alive, unless the control plane that hears it says so again."""


def held_back(
    workers: Iterable[Worker], prefix: str, most: int, sees: Callable[[str], bool] = lambda model: True
) -> list[tuple[str, str, str]]:
    """Return up to ``most`` models with a prefix that workers hold back: model, worker and reason, by model.

    Only models count that the caller ``sees``.
    """
    found = (
        (model, worker.name, reason)
        for worker in workers
        for model, reason in worker.held.items()
        if model.startswith(prefix) and sees(model)
    )
    return sorted(islice(found, most))


class LiveWorkers:
    """Table of workers; one without a report for ``expiry`` seconds counts as dead.  For one event loop."""

    def __init__(self, expiry: float) -> None:
        self.expiry = expiry
        self._workers: dict[str, tuple[Worker, float]] = {}  # and when it counts as dead
        self._watching: Counter[str] = Counter()
        self._watched: dict[str, float] = {}  # when the last watch of a worker ended
        self._others: dict[str, tuple[Other, float]] = {}  # by worker, and when the list arrived
        self.on_report: Callable[[str], None] = lambda worker: None
        """Called after each report, with the name of its worker."""
        self._news = asyncio.Event()
        self._closed = False

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        """Count a worker as a watcher of the catalog while the block runs.

        Raises:
            InputError: the name is too long.
            ExhaustedError: too many workers watch.
        """
        _check_length("name", name)
        if self._watching.total() >= MOST_WORKERS:
            raise ExhaustedError(f"{MOST_WORKERS} workers watch already; stop some of them")
        self._watching[name] += 1
        try:
            yield
        finally:
            self._watching[name] -= 1
            if not self._watching[name]:
                del self._watching[name]
                now = time.monotonic()
                self._watched = {name: until for name, until in self._watched.items() if until > now}
                self._watched[name] = now + self.expiry

    def follows(self, worker: Worker) -> bool:
        """Return whether a worker follows the catalog: it watches, or did until a moment ago.

        A deployment waits only for those: anyone could report other names and delay each deployment.
        """
        if other := self._other(worker.name):
            return other.follows
        return worker.name in self._watching or self._watched.get(worker.name, 0.0) > time.monotonic()

    def close(self) -> None:
        """End every wait: the server is stopping and sends no more changes to workers."""
        self._closed = True
        self._wake()

    def report(self, worker: Worker, leaving: bool = False) -> None:
        """Record the report of a worker, or its deregistration.

        Raises:
            InputError: the name is empty, or a field is too long.
            ExhaustedError: too many workers report, or too much text.
        """
        _check(worker)
        if leaving:
            self._workers.pop(worker.name, None)
        else:
            self._check_room(worker)
            self._workers[worker.name] = worker, time.monotonic() + self.expiry
        self._wake()
        self.on_report(worker.name)

    def hear_others(self, others: Iterable[Other]) -> None:
        """Take the reports that other control planes have heard, in place of those before."""
        now = time.monotonic()
        self._others = {other.worker.name: (other, now) for other in others}
        self._wake()

    def own(self) -> dict[str, Other]:
        """Return the workers that report to this control plane, with their last reports."""
        now = time.monotonic()
        self._forget()
        return {
            name: Other(worker, now - (until - self.expiry), self.follows(worker))
            for name, (worker, until) in self._workers.items()
            if self._other(name) is None
        }

    def _check_room(self, worker: Worker) -> None:
        # Without the dead ones, which are counted only if there are many.
        is_new, many = worker.name not in self._workers, len(self._workers) >= MOST_WORKERS
        if is_new and many and len(self.alive()) >= MOST_WORKERS:
            raise ExhaustedError(f"{MOST_WORKERS} workers report already; stop some of them")
        if size := worker.text:
            others = sum(other.text for other in self.alive() if other.name != worker.name)
            if others + size > MOST_TEXT:
                raise ExhaustedError(
                    f"worker {worker.name}: a report of {size} characters, where {others} of others are kept; "
                    f"at most {MOST_TEXT} are accepted; repair what they report"
                )

    def alive(self) -> list[Worker]:
        """Return the workers with a recent report, and forget the others."""
        self._forget()
        elsewhere = [other.worker for name in self._others if (other := self._other(name)) is not None]
        moved = {worker.name for worker in elsewhere}
        return [worker for name, (worker, _) in self._workers.items() if name not in moved] + elsewhere

    def _forget(self) -> None:
        now = time.monotonic()
        self._workers = {name: entry for name, entry in self._workers.items() if entry[1] > now}

    def _other(self, name: str) -> Other | None:
        """Return the report of a living worker that another control plane has heard later than this one, if any."""
        other, arrived = self._others.get(name, (None, 0.0))
        if other is None or arrived + other.lasts <= time.monotonic():
            return None
        mine = self._workers.get(name)
        return other if mine is None or arrived - other.age > mine[1] - self.expiry else None

    def _heard(self, name: str) -> float:
        """Return when the last report of a living worker arrived."""
        if other := self._other(name):
            return self._others[name][1] - other.age
        return self._workers[name][1] - self.expiry

    def behind(self, epoch: str, revision: int) -> list[Worker]:
        """Return the live workers that follow the catalog and do not yet answer from a revision."""
        return [w for w in self.alive() if (w.epoch != epoch or w.revision < revision) and self.follows(w)]

    def held(self) -> set[str]:
        """Return the models that live workers hold back."""
        return set().union(*(worker.held for worker in self.alive()))

    def refusing(self, epoch: str, revision: int, model: str, since: float) -> dict[str, str]:
        """Return the live workers that report that they cannot serve a revision of a model, with their reasons.

        A report of a worker that is behind concerns that revision only if it arrived some time after ``since``.
        """
        reasons = {}
        for worker in filter(self.follows, self.alive()):
            is_late = self._heard(worker.name) > since + self.expiry / 4
            if worker.epoch == epoch and (worker.revision >= revision or is_late):
                reason = worker.held.get(model)
            else:
                reason = "; ".join(worker.problems) if worker.epoch != epoch else None
            if reason:
                reasons[worker.name] = reason
        return reasons

    async def reach(self, epoch: str, revision: int, seconds: float, model: str = "", hints: Hints = NONE) -> None:
        """Return when all live workers that follow the catalog serve a model as of a revision; at once without any.

        Workers that its hints exclude are not waited for.

        Raises:
            DeadlineError: some workers did not report it in time; the message names them.
            PreconditionError: some workers report that they cannot, and all others serve it.
            UnavailableError: the server is stopping; a repeated deployment waits for the same version.
        """
        since = time.monotonic()
        while True:
            refusing = self.refusing(epoch, revision, model, since)
            behind = [
                worker
                for worker in self.behind(epoch, revision)
                if worker.name not in refusing and hints.admit(worker.labels)
            ]
            left = since + seconds - time.monotonic()
            if behind and left <= 0:
                raise _late(revision, behind)
            if not behind:
                break
            if self._closed:
                raise UnavailableError(f"published as revision {revision}, but the control plane is stopping")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, self.expiry / 4))
        if refusing:
            raise _unserved(revision, model, refusing)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def _check(worker: Worker) -> None:
    if not worker.name:
        raise InputError("worker: the name is empty; give each worker a unique one")
    for what, text in (
        ("name", worker.name),
        ("address", worker.address),
        ("set of kernels", worker.kernel_set),
        ("epoch", worker.epoch),
    ):
        _check_length(what, text)
    check_labels(worker.labels)


def _check_length(what: str, text: str) -> None:
    if len(text) > MOST_NAME:
        raise InputError(f"worker: its {what} has {len(text):,} characters; expected at most {MOST_NAME}")


def _late(revision: int, behind: Sequence[Worker]) -> DeadlineError:
    names = ", ".join(f"{w.name} (at {w.revision})" for w in behind[:_MOST_NAMED])
    return DeadlineError(
        f"published as revision {revision}, but {len(behind)} workers did not report it in time: {names}"
    )


def _unserved(revision: int, model: str, refusing: Mapping[str, str]) -> PreconditionError:
    reasons = "; ".join(f"{worker}: {reason}" for worker, reason in list(refusing.items())[:_MOST_NAMED])
    return PreconditionError(
        f"published as revision {revision}, but {len(refusing)} workers do not serve model {model!r} as of it yet: "
        f"{reasons}; they keep retrying, and serve it once that is fixed"
    )
