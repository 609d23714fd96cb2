"""Recognizes repeated deployments by the identifiers that clients draw, inside the transaction that publishes."""

from __future__ import annotations

import re

from sqlalchemy import Connection, delete, func, insert, select

from pretzel.control_plane.catalog import clock, reading
from pretzel.control_plane.catalog.records import Release
from pretzel.control_plane.catalog.tables import deployments
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.model import ModelVersion

KEPT_SECONDS = 86_400.0
"""Time for which an identifier is kept; a client repeats a call for a minute."""
MOST_KEPT = 100
"""Identifiers of one model that are kept; older ones are dropped."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_id(identifier: str, name: str = "deployment_id") -> None:
    """Check an identifier that a client drew; an empty one is none.

    Raises:
        InputError: it is malformed.
    """
    if identifier and not _ID.fullmatch(identifier):
        raise InputError(f"{name} {identifier[:80]!r}: expected 1 to 64 ASCII letters, digits, '-' and '_', or none")


def made(connection: Connection, name: str, release: Release) -> ModelVersion | None:
    """Return the version that an earlier deployment with the release's identifier made; None without one.

    Raises:
        PreconditionError: that was of another definition, or its version was deleted since.
    """
    if not release.deployment:
        return None
    mine = select(deployments).where(deployments.c.model == name, deployments.c.id == release.deployment)
    row = connection.execute(mine).first()
    if row is None:
        return None
    said = f"model {name!r}: deployment {release.deployment} made version {row.version}"
    if row.definition != str(release.definition):
        raise PreconditionError(f"{said} of another definition; draw a new deployment_id for each deployment")
    for model in reading.labelled(connection, reading.models_named(connection, [name])):
        for version in model.versions:
            if version.version == row.version:
                return version
    raise PreconditionError(f"{said}, which was deleted since; deploy again with a new deployment_id")


def note(connection: Connection, name: str, release: Release, version: int) -> None:
    """Keep the identifier of a deployment with the version that it made, and drop old ones."""
    if not release.deployment:
        return
    now = clock.now()
    of_model = deployments.c.model == name
    number = (connection.scalar(select(func.max(deployments.c.number)).where(of_model)) or 0) + 1
    connection.execute(delete(deployments).where(deployments.c.at < now - KEPT_SECONDS))
    connection.execute(delete(deployments).where(of_model, deployments.c.number <= number - MOST_KEPT))
    row = {"model": name, "id": release.deployment, "number": number, "version": version}
    connection.execute(insert(deployments).values(**row, definition=str(release.definition), at=now))
