"""Rows of rollouts, each read or written inside a transaction that the caller opened."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from pretzel.control_plane.catalog.tables import rollouts
from pretzel.errors import ExhaustedError, NotFoundError, PreconditionError
from pretzel.plan.encoding import decode, encode
from pretzel.plan.rollout import LASTING, Decision, Figures, Rollout, Rules

MOST_KEPT = 20
"""Rollouts of a model that are kept, the newest."""
MOST_DECISIONS = 200
"""Decisions of a rollout that are kept, the newest."""
MOST_LASTING = 1000
"""Rollouts that last at once."""


def check_free(connection: Connection, model: str, alias: str | None) -> None:
    """Check that no rollout moves the calls of an alias.

    Raises:
        PreconditionError: one does; the message says how to end it.
    """
    lasting = select(rollouts).where(rollouts.c.model == model, rollouts.c.status.in_(LASTING))
    for row in connection.execute(lasting.where(rollouts.c.alias == alias)):
        rollout = rollout_of(row)
        raise PreconditionError(
            f"{model}: a rollout of version {rollout.version} moves the calls of alias {alias!r} ({rollout.status}); "
            f"end it first: pretzel rollout abort {model}, or pretzel rollout promote {model}"
        )


def last(connection: Connection, model: str, alias: str) -> Rollout:
    """Return the last rollout of an alias, or raise :class:`NotFoundError`."""
    of_alias = select(rollouts).where(rollouts.c.model == model, rollouts.c.alias == alias)
    row = connection.execute(of_alias.order_by(rollouts.c.id.desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(
            f"model {model[:200]!r} has no rollout of alias {alias[:100]!r}; start one: pretzel rollout start"
        )
    return rollout_of(row)


def next_id(connection: Connection) -> int:
    """Return the number of a new rollout, or raise :class:`ExhaustedError`."""
    count = connection.scalar(select(func.count()).where(rollouts.c.status.in_(LASTING))) or 0
    if count >= MOST_LASTING:
        raise ExhaustedError(f"{count} rollouts last already; end some of them")
    return int(connection.scalar(select(func.max(rollouts.c.id))) or 0) + 1


def prune(connection: Connection, model: str) -> None:
    """Drop the oldest rollouts of a model that have ended."""
    of_model = select(rollouts.c.id).where(rollouts.c.model == model, rollouts.c.status.not_in(LASTING))
    old = connection.scalars(of_model.order_by(rollouts.c.id.desc())).all()[MOST_KEPT:]
    connection.execute(delete(rollouts).where(rollouts.c.id.in_(old)))


def with_decision(rollout: Rollout, decision: Decision) -> Rollout:
    """Return a rollout with one more decision."""
    kept = (*rollout.decisions, decision)[-MOST_DECISIONS:]
    return replace(rollout, decisions=kept, reason=decision.reason)


def written(connection: Connection, rollout: Rollout) -> Rollout:
    """Write a rollout whose step begins, and return it."""
    write(connection, rollout, start=None)
    return rollout


def write(connection: Connection, rollout: Rollout, **more: Any) -> None:
    """Write a rollout that exists."""
    connection.execute(update(rollouts).where(rollouts.c.id == rollout.id).values(**row_of(rollout), **more))


def row_of(rollout: Rollout) -> dict[str, Any]:
    """Return the columns of a rollout."""
    content = asdict(rollout) | {"steps": list(rollout.steps)}
    content["decisions"] = [asdict(decision) for decision in rollout.decisions]
    return {
        "model": rollout.model,
        "alias": rollout.alias,
        "status": rollout.status,
        "rollout": encode(content),
    }


def rollout_of(row: Any) -> Rollout:
    """Return the rollout of a row."""
    content = decode(row.rollout)
    decisions = tuple(
        Decision(**one | {"version": Figures(**one["version"]), "stable": Figures(**one["stable"])})
        for one in content["decisions"]
    )
    known = {"steps": tuple(content["steps"]), "rules": Rules(**content["rules"]), "decisions": decisions}
    return Rollout(**content | known)
