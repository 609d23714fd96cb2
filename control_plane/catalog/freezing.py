"""Freezes: models that must not be changed for a time, each inside a transaction that the caller opened."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, or_, select

from pretzel.control_plane.catalog import clock
from pretzel.control_plane.catalog.names import check_model
from pretzel.control_plane.catalog.tables import freezes
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.errors import ExhaustedError, InputError, NotFoundError, PreconditionError

MOST_FREEZES = 1000
MOST_REASON = 500
STAR = "*"


@dataclass(frozen=True, slots=True)
class Freeze:
    """An order not to change some models."""

    pattern: str
    """The name of a model, or the start of names and a star."""
    by: str
    at: float
    until: float = 0.0
    """Seconds since the epoch; 0: until it is ended."""
    reason: str = ""

    def covers(self, name: str) -> bool:
        """Return whether a model is frozen by it."""
        if self.pattern.endswith(STAR):
            return name.startswith(self.pattern.removesuffix(STAR))
        return name == self.pattern

    def __str__(self) -> str:
        """Return who ordered it, until when, and why."""
        until = f" until {_when(self.until)}" if self.until else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"frozen by {self.by} on {_when(self.at)}{until}{reason}"


def order(connection: Connection, freeze: Freeze) -> None:
    """Freeze models; the same pattern again replaces its freeze.

    Raises:
        InputError: the pattern or the reason is invalid, or the time has passed.
        ExhaustedError: there are too many freezes.
    """
    _check_order(freeze)
    others = [one.pattern for one in lasting(connection) if one.pattern != freeze.pattern]
    if len(others) >= MOST_FREEZES:
        raise ExhaustedError(f"freeze {freeze.pattern!r}: there are {len(others)} already; end some of them")
    row = asdict(freeze)
    connection.execute(delete(freezes).where(freezes.c.until > 0, freezes.c.until <= clock.now()))
    statement = upsert(connection, freezes).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["pattern"], set_=row))


def end(connection: Connection, pattern: str) -> None:
    """End a freeze.

    Raises:
        NotFoundError: there is none of this pattern.
    """
    patterns = [one.pattern for one in lasting(connection)]
    if pattern not in patterns:
        has = ", ".join(patterns[:5]) or "none"
        raise NotFoundError(f"freeze {pattern[:100]!r}: there is none of this pattern; the patterns are: {has}")
    connection.execute(delete(freezes).where(freezes.c.pattern == pattern))


def lasting(connection: Connection) -> list[Freeze]:
    """Return the freezes that last, by pattern."""
    lasts = or_(freezes.c.until == 0, freezes.c.until > clock.now())
    rows = connection.execute(select(freezes).where(lasts).order_by(freezes.c.pattern))
    return [Freeze(row.pattern, row.by, row.at, row.until, row.reason) for row in rows]


def check(connection: Connection, *models: str) -> None:
    """Check that no model is frozen.

    Raises:
        PreconditionError: one is; the message says by whom and until when.
    """
    for freeze in lasting(connection):
        for name in filter(freeze.covers, models):
            raise PreconditionError(
                f"model {name!r} is {freeze}; wait, or ask for an end: pretzel unfreeze '{freeze.pattern}'"
            )


def _check_order(freeze: Freeze) -> None:
    start = freeze.pattern.removesuffix(STAR)
    if start or not freeze.pattern:
        try:
            check_model(start)
        except InputError as error:
            problem = f"freeze {freeze.pattern[:100]!r}: expected a model's name, or its start and a star at the end"
            raise InputError(f"{problem}; {error}") from None
    if len(freeze.reason) > MOST_REASON:
        raise InputError(f"freeze: a reason of {len(freeze.reason):,} characters; at most {MOST_REASON} are kept")
    if freeze.until and not clock.now() < freeze.until < float("inf"):
        raise InputError(
            f"freeze {freeze.pattern!r}: {freeze.until} has passed or is not a time; give a later one, or none"
        )


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
