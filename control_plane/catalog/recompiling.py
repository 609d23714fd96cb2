"""The plans of a catalog for several kernels; every method is one transaction, safe to call from any thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from pretzel.control_plane.catalog import clock, failures, kernel_sets, reading
from pretzel.control_plane.catalog.audit import Change, record
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.failures import Failure
from pretzel.control_plane.catalog.kernel_sets import Progress
from pretzel.control_plane.catalog.records import Release
from pretzel.control_plane.catalog.revisions import touch
from pretzel.control_plane.catalog.tables import recompiled
from pretzel.control_plane.catalog.work import Task
from pretzel.plan.model import ModelVersion

RECOMPILE = "recompile"
"""Name of the work, and method of its records in the audit trail."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of a recompiled plan with the answers of the deployment."""

    rows: int
    """The rows that were compared, all of them equal; 0: none."""
    reason: str = ""
    """Why none were."""


UNCOMPARED = Comparison(0, "no sample was kept with the version")


class Recompiling:
    """The part of a catalog about plans for several kernels."""

    def __init__(self, database: Database, changing: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Use a database; ``changing`` opens a transaction after which watchers look."""
        self._database, self._changing = database, changing

    def next(self, kernel_set: str, after: tuple[str, int] = ("", 0)) -> ModelVersion | None:
        """Return the first version behind another, by model and number, that has no plan for some kernels."""
        with self._database.read() as connection:
            found = kernel_sets.next_lacking(connection, kernel_set, after)
            if found is None:
                return None
            model = reading.find_model(connection, found[0])
            return next(version for version in model.versions if version.version == found[1])

    def progress(self, kernel_set: str) -> Progress:
        """Return how far the recompilation for some kernels is."""
        with self._database.read() as connection:
            return kernel_sets.progress(connection, kernel_set)

    def add(
        self,
        version: ModelVersion,
        kernel_set: str,
        release: Release,
        check: Callable[[], None],
        task: Task,
        compared: Comparison = UNCOMPARED,
    ) -> bool:
        """Add the plan of a version for some kernels; return False if the version is gone or has changed.

        ``check`` runs inside the transaction, where no object can be collected.  ``compared`` is what is known of the
        answers of the plan.

        Raises:
            UnavailableError: another control plane has taken over ``task``.
        """
        with self._changing() as connection:
            task.check(connection)
            if not kernel_sets.is_current(connection, version):
                return False
            kernel_sets.hold(connection, release)
            kernel_sets.add(connection, version, kernel_set, release, compared.reason, compared.rows)
            touch(connection, version.model)
            made = {f"version {version.version} for kernels {kernel_set}": str(release.plan)}
            record(connection, Change(version.model, version.version, after=made), method=RECOMPILE)
            check()
        return True

    def fail(self, version: ModelVersion, kernel_set: str, problem: str, task: Task) -> None:
        """Record that a version cannot have a plan for some kernels, and why, also among the failed verifications.

        Raises:
            UnavailableError: another control plane has taken over ``task``.
        """
        with self._database.write() as connection:
            task.check(connection)
            if not kernel_sets.is_current(connection, version):
                return
            kernel_sets.add(connection, version, kernel_set, None, problem)
            estimator = str(version.metadata.get("estimator") or "")
            text = f"version {version.version} cannot be recompiled for kernels {kernel_set}: {problem}"
            failures.note(connection, Failure(version.model, clock.now(), estimator, text))

    def forget_failures(self, kernel_set: str) -> None:
        """Let the versions that could not have a plan for some kernels be tried again."""
        with self._database.write() as connection:
            kernel_sets.forget_failures(connection, kernel_set)

    def states(self, version: ModelVersion) -> dict[str, str]:
        """Return what became of a version for each kernels that it was recompiled for, in words."""
        mine = (recompiled.c.model == version.model) & (recompiled.c.version == version.version)
        with self._database.read() as connection:
            return {row.kernel_set: _state(row) for row in connection.execute(select(recompiled).where(mine))}

    def problems(self, kernel_set: str) -> dict[str, str]:
        """Return why versions, as `name@version`, cannot have a plan for some kernels."""
        failed = select(recompiled).where(recompiled.c.kernel_set == kernel_set, recompiled.c.plan == "")
        with self._database.read() as connection:
            return {f"{row.model}@{row.version}": row.problem for row in connection.execute(failed)}

    def retire(self, own: str, kept: Collection[str], task: Task) -> int:
        """Drop the plans for other kernels than ``own`` and ``kept``, and return their number.

        Raises:
            UnavailableError: another control plane has taken over ``task``.
        """
        with self._database.write() as connection:
            task.check(connection)
            dropped = kernel_sets.retire(connection, own, kept)
            if dropped:
                record(connection, Change(before={"plans for other kernels": dropped}), method=RECOMPILE)
        return dropped


def _state(row: Row[Any]) -> str:
    if not row.plan:
        return f"not served: {row.problem}"
    return f"compared on {row.compared:,} rows" if row.compared else f"not compared: {row.problem}"
