"""Splits of aliases over versions, each change inside a write transaction that the caller opened."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, delete, insert

from pretzel.control_plane.catalog import reading
from pretzel.control_plane.catalog.revisions import touch
from pretzel.control_plane.catalog.tables import traffic
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.writing import check_version, point
from pretzel.errors import InputError, NotFoundError
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.traffic import MOST_VERSIONS, SLOTS, percent, resliced, shares_of


def split(connection: Connection, name: str, alias: str, shares: Mapping[int, int], terms: Terms = ANY) -> None:
    """Split the calls of an alias; a version with all of them becomes the one that it points to.

    The alias keeps its version while that has a share; else it points to the version with the largest.

    Raises:
        InputError: the shares are not 10,000 slots together.
        NotFoundError: the model, the alias or a version does not exist.
        PreconditionError: the terms do not hold.
    """
    check_shares(shares)
    model = reading.find_model(connection, name)
    for number in shares:
        check_version(model, number)
    if alias not in model.aliases:
        has = ", ".join(model.aliases) or "none"
        raise NotFoundError(f"model {name!r} has no alias {alias!r}; it has: {has}")
    done = shares_now(model, alias) == dict(sorted(shares.items()))
    admit(connection, name, terms, alias, done=done)
    if not done:
        reshare(connection, model, alias, shares)


def reshare(connection: Connection, model: Model, alias: str, shares: Mapping[int, int]) -> None:
    """Give the calls of an existing alias to existing versions; see :func:`split`."""
    name = model.name
    runs = resliced(runs_of(model, alias), shares)
    primary = model.aliases[alias] if model.aliases[alias] in shares else max(sorted(shares), key=shares.__getitem__)
    point(connection, name, alias, primary)
    if len(shares) > 1:
        rows = [
            {"model": name, "alias": alias, "position": i, "version": version, "slots": slots}
            for i, (version, slots) in enumerate(runs)
        ]
        connection.execute(delete(traffic).where(of_alias(name, alias)))
        connection.execute(insert(traffic), rows)
        touch(connection, name)


def runs_of(model: Model, alias: str) -> tuple[tuple[int, int], ...]:
    """Return the runs of an alias, split or not."""
    return model.traffic.get(alias) or ((model.aliases[alias], SLOTS),)


def shares_now(model: Model, alias: str) -> dict[int, int]:
    """Return the shares of an alias, split or not, by version."""
    return shares_of(runs_of(model, alias))


def of_alias(name: str, alias: str) -> ColumnElement[bool]:
    """Return the condition that a row of the table `traffic` is of an alias."""
    return (traffic.c.model == name) & (traffic.c.alias == alias)


def check_shares(shares: Mapping[int, int]) -> None:
    """Check shares of versions.

    Raises:
        InputError: they are not 10,000 slots together, one is not positive, or there are too many.
    """
    for version, slots in shares.items():
        if slots < 1:
            raise InputError(
                f"traffic: version {version} has a share of {percent(slots)} %; leave it out, or give more"
            )
    if len(shares) > MOST_VERSIONS:
        raise InputError(f"traffic: {len(shares)} versions; at most {MOST_VERSIONS} can share an alias")
    total = sum(shares.values())
    if total != SLOTS:
        raise InputError(f"traffic: the shares are {percent(total)} % together; expected 100")
