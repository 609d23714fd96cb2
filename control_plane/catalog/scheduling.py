"""Scheduled changes of a catalog, and what became of them; every method is one transaction."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pretzel.control_plane.catalog.audit import Change, Origin, record
from pretzel.control_plane.catalog.audit.recording import add
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import scheduled
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.steps import reached
from pretzel.errors import ExhaustedError, InputError, NotFoundError, PreconditionError, UnavailableError

WAITING, DONE, FAILED, LAPSED, CANCELLED = "waiting", "done", "failed", "lapsed", "cancelled"
MOST_WAITING = 1000
MOST_ENDED = 1000
"""Changes that have ended and are kept, the newest."""
MOST_NOTE = 500
MOST_DAYS = 400
"""Days from now of the latest time."""
LATE_SECONDS = 30.0
"""Delay from which on the outcome of a change says that it is late: a killed control plane's work waits for half."""
_COLUMNS = [column.name for column in scheduled.columns]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One change that is made at a time."""

    method: str
    """Name of the method whose request it is."""
    request: bytes
    about: str
    """The model, or the pattern, that the request names."""
    at: float
    """Seconds since the epoch."""
    not_after: float = 0.0
    """It lapses after this time; 0: never."""
    note: str = ""
    identity: str = ""
    """Name of the identity of the caller; empty without identities."""
    subject: str = ""
    peer: str = ""
    by: str = ""
    """Its identity or address, for people."""
    key: str = ""
    """Drawn by the client; a repeat with it is the same change."""
    id: int = 0
    scheduled: float = 0.0
    status: str = WAITING
    ended: float = 0.0
    outcome: str = ""

    @property
    def text(self) -> str:
        """Return it in a few words."""
        return f"{self.method} {self.about} at {when(self.at)}"


class Schedule:
    """The scheduled changes of a catalog.  Safe to call from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] | None = None) -> None:
        """Use a database, and its clock unless another is given."""
        self._database = database
        self.now = clock or database.now

    def add(self, wanted: Scheduled) -> Scheduled:
        """Keep a change until its time, and return it.

        Raises:
            InputError: a time has passed or cannot be one, or the note is too long.
            ExhaustedError: too many changes wait.
        """
        with self._database.write() as connection:
            same = select(scheduled).where(scheduled.c.key == wanted.key, scheduled.c.identity == wanted.identity)
            if wanted.key and (row := connection.execute(same).first()) is not None:
                return _of_row(row)
            now = self.now()
            _check(wanted, now)
            waiting = select(func.count()).select_from(scheduled).where(scheduled.c.status == WAITING)
            if (connection.scalar(waiting) or 0) >= MOST_WAITING:
                raise ExhaustedError(
                    f"schedule: {MOST_WAITING:,} changes wait already; cancel some: pretzel unschedule"
                )
            last = connection.scalar(select(func.max(scheduled.c.id))) or 0
            added = replace(wanted, id=last + 1, scheduled=now)
            connection.execute(insert(scheduled).values(**asdict(added)))
            record(connection, Change(added.about, after={f"scheduled {added.id}": added.text}))
        return added

    def due(self) -> list[Scheduled]:
        """Return the changes whose time has come, in the order of their times."""
        due = select(scheduled).where(scheduled.c.status == WAITING, scheduled.c.at <= self.now())
        with self._database.read() as connection:
            return list(map(_of_row, connection.execute(due.order_by(scheduled.c.at, scheduled.c.id))))

    def find(self, number: int) -> Scheduled:
        """Return a change.

        Raises:
            NotFoundError: there is none with this number.
        """
        with self._database.read() as connection:
            return _find(connection, number)

    def page(
        self, below: int, size: int, *, waiting: bool = False, sees: Callable[[Scheduled], bool] = lambda change: True
    ) -> tuple[list[Scheduled], int]:
        """Return up to ``size`` changes, newest first, and where the next page begins; 0 if none follows.

        Args:
            below: only changes with smaller numbers; 0 for all.
            size: most changes.
            waiting: only those that wait.
            sees: whether the caller may see a change.
        """
        query = select(scheduled).order_by(scheduled.c.id.desc())
        query = query.where(scheduled.c.status == WAITING) if waiting else query
        query = query.where(scheduled.c.id < below) if below else query
        with self._database.read() as connection:  # at most 2,000
            found = [one for one in map(_of_row, connection.execute(query)) if sees(one)]
        return found[:size], found[size - 1].id if len(found) > size else 0

    def cancel(self, number: int) -> Scheduled:
        """Cancel a change that waits, and return it; a repeated call changes nothing.

        Raises:
            NotFoundError: there is none with this number.
            PreconditionError: it has ended.
        """
        with self._database.write() as connection:
            change = _find(connection, number)
            if change.status == CANCELLED:
                return change
            if change.status != WAITING:
                raise PreconditionError(f"scheduled change {number}: it {_ENDED[change.status]} already; {change.text}")
            record(connection, Change(change.about, before={f"scheduled {number}": change.text}))
            return self._ended(connection, change, CANCELLED, "")

    def made(self, task: Task, change: Scheduled, connection: Connection) -> None:
        """Note in the transaction of a change that it is made.

        Raises:
            UnavailableError: it was made or cancelled meanwhile, or another control plane has taken over.
        """
        task.check(connection)
        late = self.now() - change.at
        said = f"{late:,.0f} s late: no control plane could make it at its time" if late > LATE_SECONDS else ""
        self._ended(connection, change, DONE, said)
        entry = f"scheduled {change.id}"
        record(connection, Change(change.about, before={entry: change.text}, after={entry: f"{DONE} {said}".strip()}))
        reached("schedule_before_commit")

    def give_up(self, task: Task, change: Scheduled, origin: Origin, status: str, code: str, why: str) -> None:
        """Note that a change was not made, and why, also in the audit trail.

        Raises:
            UnavailableError: as :meth:`made`.
        """
        with self._database.write() as connection:
            task.check(connection)
            self._ended(connection, change, status, f"{code}: {why}")
            entry = {"model": change.about, "version": 0, "before": "{}", "after": "{}", "code": code, "message": why}
            add(connection, origin, [entry | {"omitted": 0}])

    def _ended(self, connection: Connection, change: Scheduled, status: str, outcome: str) -> Scheduled:
        outcome = outcome.replace("\0", "\ufffd")  # PostgreSQL takes no text with NUL
        ended = replace(change, status=status, ended=self.now(), outcome=outcome)
        mine = update(scheduled).where(scheduled.c.id == change.id, scheduled.c.status == WAITING)
        values = {"status": status, "ended": ended.ended, "outcome": outcome}
        if connection.execute(mine.values(**values)).rowcount != 1:
            raise UnavailableError(f"scheduled change {change.id}: it was made or cancelled meanwhile")
        others = select(scheduled.c.id).where(scheduled.c.status != WAITING).order_by(scheduled.c.id.desc())
        oldest = connection.scalar(others.offset(MOST_ENDED).limit(1))
        if oldest is not None:
            connection.execute(delete(scheduled).where(scheduled.c.status != WAITING, scheduled.c.id <= oldest))
        return ended


_ENDED = {DONE: "was made", FAILED: "has failed", LAPSED: "has lapsed"}


def when(seconds: float) -> str:
    """Return a time for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _check(wanted: Scheduled, now: float) -> None:
    if len(wanted.note) > MOST_NOTE or "\0" in wanted.note:
        raise InputError(
            f"schedule: a note of {len(wanted.note):,} characters; up to {MOST_NOTE} are kept, without NUL"
        )
    if not now < wanted.at < now + MOST_DAYS * 86_400:
        said = "is not a time" if not math.isfinite(wanted.at) else "has passed" if wanted.at <= now else "is too late"
        raise InputError(f"schedule: at {wanted.at} {said}; expected a time in the next {MOST_DAYS} days")
    if wanted.not_after and not wanted.at <= wanted.not_after < math.inf:
        raise InputError(
            f"schedule: not_after {wanted.not_after} is before at {wanted.at}, or is not a time; give a later one"
        )


def _find(connection: Connection, number: int) -> Scheduled:
    known = 0 < number < 1 << 63
    row = connection.execute(select(scheduled).where(scheduled.c.id == number)).first() if known else None
    if row is None:
        raise NotFoundError(f"scheduled change {number}: there is none with this number; pretzel schedule lists them")
    return _of_row(row)


def _of_row(row: Row[Any]) -> Scheduled:
    return Scheduled(**{name: getattr(row, name) for name in _COLUMNS})
