"""Rollouts of a catalog; every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pretzel.control_plane.catalog import freezing, names, reading, splitting
from pretzel.control_plane.catalog import rollout_rows as rows
from pretzel.control_plane.catalog.audit import ORIGIN, Change, Origin, record, watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.revisions import reissue
from pretzel.control_plane.catalog.tables import rollouts
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.catalog.writing import check_version
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.encoding import decode, encode
from pretzel.plan.model import Model
from pretzel.plan.rollout import (
    ABORTED,
    ENDED,
    LASTING,
    PAUSED,
    PROMOTED,
    ROLLED_BACK,
    RUNNING,
    Decision,
    Rollout,
    check_steps,
)
from pretzel.plan.terms import ANY, Terms

METHOD = "Rollout"
"""Method in records of the audit trail of what rollouts decide."""
Starts = Mapping[str, Any]
"""The counts of workers at the start of a step."""
_AFTER = {"pause": PAUSED, "resume": RUNNING, "abort": ABORTED, "promote": PROMOTED}


class Rollouts:
    """The rollouts of a catalog.  Safe to call from any thread."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def start(self, wanted: Rollout, terms: Terms = ANY) -> Rollout:
        """Start a rollout, and return it; the version before is that of the alias.

        Raises:
            InputError: the steps or the rules are malformed.
            NotFoundError: the model, the alias or the version does not exist.
            PreconditionError: the alias is split, has the version, or has a rollout, or the terms do not hold.
            ExhaustedError: too many rollouts last.
        """
        names.check_alias(wanted.alias)
        check_steps(wanted.steps, wanted.every)
        wanted.rules.check()
        with self._changing() as connection, watched(connection, wanted.model):
            model = reading.find_model(connection, wanted.model)
            rows.check_free(connection, wanted.model, wanted.alias)
            rollout = replace(_placed(model, wanted), id=rows.next_id(connection), started=self._now(connection))
            admit(connection, wanted.model, terms, wanted.alias)
            reason = f"version {rollout.version} in {len(rollout.steps)} steps of {rollout.every:g} s"
            first = Decision(rollout.started, 0, "start", reason, rollout.by)
            rollout = rows.with_decision(replace(rollout, began=rollout.started), first)
            connection.execute(insert(rollouts).values(id=rollout.id, **rows.row_of(rollout)))
            rows.prune(connection, wanted.model)
            _share(connection, rollout, rollout.shares)
            _audit(connection, rollout, "start")
        return rollout

    def find(self, model: str, alias: str) -> Rollout:
        """Return the last rollout of an alias.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.read() as connection:
            return rows.last(connection, model, alias)

    def listed(self, *, lasting: bool = False) -> list[Rollout]:
        """Return the rollouts, or only those that have not ended, newest first."""
        with self._database.read() as connection:
            query = select(rollouts).order_by(rollouts.c.id.desc())
            found = connection.execute(query.where(rollouts.c.status.in_(LASTING)) if lasting else query)
            return [rows.rollout_of(row) for row in found]

    def running(self) -> list[tuple[Rollout, Starts | None]]:
        """Return the running rollouts, each with what workers had counted at its step; None: not known yet."""
        with self._database.read() as connection:
            found = connection.execute(select(rollouts).where(rollouts.c.status == RUNNING).order_by(rollouts.c.id))
            return [(rows.rollout_of(row), None if row.start is None else decode(row.start)) for row in found]

    def count_lasting(self) -> dict[str, int]:
        """Return the number of rollouts that have not ended, by state."""
        with self._database.read() as connection:
            query = select(rollouts.c.status, func.count()).where(rollouts.c.status.in_(LASTING))
            found = dict(tuple(row) for row in connection.execute(query.group_by(rollouts.c.status)))
        return {status: found.get(status, 0) for status in LASTING}

    def change(self, model: str, alias: str, what: str, by: str, terms: Terms = ANY) -> Rollout:
        """Pause, resume, abort or promote the rollout of an alias, and return it.

        A change that is made already changes nothing, because a client may repeat it after a lost answer.

        Raises:
            NotFoundError: the alias has no rollout.
            PreconditionError: it has ended, or the terms do not hold.
        """
        with self._changing() as connection, watched(connection, model):
            rollout, now = rows.last(connection, model, alias), self._now(connection)
            if rollout.status == _AFTER[what]:
                return rollout
            if not rollout.lasts:
                raise PreconditionError(f"rollout of {model}:{alias}: it was {rollout.status} already; start another")
            admit(connection, model, terms, alias)
            after = _changed(rollout, what, now)
            after = rows.with_decision(after, Decision(now, rollout.step, what, f"by {by}", by))
            if after.lasts:
                rows.write(connection, after, start=None)
            else:
                rows.write(connection, after)
                _share(connection, after, {after.version if what == "promote" else after.stable: 10_000})
            _audit(connection, after, what)
        return after

    def begin(self, task: Task, rollout: Rollout, start: Starts) -> None:
        """Keep what workers had counted when the present step began."""
        with self._database.write() as connection:
            task.check(connection)
            if _same(connection, rollout):
                connection.execute(update(rollouts).where(rollouts.c.id == rollout.id).values(start=encode(start)))

    def decide(self, task: Task, before: Rollout, after: Rollout, decision: Decision) -> Rollout | None:
        """Carry out a decision of a rollout; None if it was changed meanwhile, or would advance a frozen model.

        Raises:
            UnavailableError: another control plane has taken over.
        """
        with _acting(before), self._changing() as connection, watched(connection, before.model):
            task.check(connection)
            if not _same(connection, before):
                return None
            if not _is_in_force(connection, before):
                end = "its traffic was changed, or its versions were deleted"
                ended = replace(before, status=ENDED, ended=decision.at, reason=end)
                return rows.written(
                    connection, rows.with_decision(ended, replace(decision, decision="end", reason=end))
                )
            if after.status != ROLLED_BACK and _is_frozen(connection, before.model):
                return None
            reissue(connection, before.model)
            back = after.status == ROLLED_BACK
            _share(connection, after, {after.stable: 10_000} if back else after.shares)
            return rows.written(connection, rows.with_decision(after, decision))

    def in_force(self, rollout: Rollout) -> bool:
        """Return whether the traffic is as the rollout has set it."""
        with self._database.read() as connection:
            return _is_in_force(connection, rollout)

    def now(self) -> float:
        """Return the seconds since 1970, by the clock of the database."""
        return self._database.now()

    def _now(self, connection: Connection) -> float:
        return self._database.dialect.now(connection)


@contextmanager
def _acting(rollout: Rollout) -> Iterator[None]:
    """Record the changes of the block as those of a rollout, on behalf of who started it."""
    token = ORIGIN.set(Origin(METHOD, f"rollout of {rollout.by}"))
    try:
        yield
    finally:
        ORIGIN.reset(token)


def _placed(model: Model, wanted: Rollout) -> Rollout:
    """Return a wanted rollout with the version that its alias has."""
    alias = wanted.alias
    if alias not in model.aliases:
        has = ", ".join(model.aliases) or "none"
        raise NotFoundError(f"model {model.name!r} has no alias {alias!r}; it has: {has}")
    check_version(model, wanted.version)
    if alias in model.traffic:
        text = (
            f"{model.name}: the calls of alias {alias!r} are split; end that first: pretzel alias {model.name} {alias}"
        )
        raise PreconditionError(f"{text} VERSION")
    if model.aliases[alias] == wanted.version:
        raise PreconditionError(f"{model.name}: alias {alias!r} has version {wanted.version} already; name another")
    return replace(wanted, stable=model.aliases[alias])


def _changed(rollout: Rollout, what: str, now: float) -> Rollout:
    status = _AFTER[what]
    if what == "resume":
        return replace(rollout, status=status, began=now)
    return replace(rollout, status=status, ended=0.0 if status in LASTING else now)


def _is_in_force(connection: Connection, rollout: Rollout) -> bool:
    try:
        model = reading.find_model(connection, rollout.model)
    except NotFoundError:
        return False
    if rollout.alias not in model.aliases:
        return False
    return splitting.shares_now(model, rollout.alias) == dict(sorted(rollout.shares.items()))


def _is_frozen(connection: Connection, model: str) -> bool:
    return any(freeze.covers(model) for freeze in freezing.lasting(connection))


def _share(connection: Connection, rollout: Rollout, shares: Mapping[int, int]) -> None:
    model = reading.find_model(connection, rollout.model)
    splitting.reshare(connection, model, rollout.alias, shares)


def _audit(connection: Connection, rollout: Rollout, what: str) -> None:
    record(connection, Change(rollout.model, rollout.version, after={f"rollout {rollout.alias}": what}))


def _same(connection: Connection, rollout: Rollout) -> bool:
    """Return whether a rollout is as it was read."""
    row = connection.execute(select(rollouts).where(rollouts.c.id == rollout.id)).first()
    return row is not None and rows.rollout_of(row) == rollout
