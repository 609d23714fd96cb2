"""The catalog as its users see it: every method is one transaction, safe to call from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from pretzel.control_plane.catalog import names, reading, writing
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.holds import Hold, Holds
from pretzel.control_plane.catalog.records import Changes, Release
from pretzel.control_plane.catalog.tables import models
from pretzel.control_plane.failpoints import failpoint
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelVersion


class Catalog:
    """Models and what they need, in a database.  ``on_change`` is called after every visible change."""

    def __init__(self, path: Path, on_change: Callable[[], None] = lambda: None, epoch: str = "") -> None:
        """Open a catalog, or make one, of that epoch or of a new one."""
        self.database = Database(path, epoch)
        self.on_change = on_change
        self.epoch, _ = self.current()
        self._holds = Holds()
        self._leased: dict[tuple[str, Digest], float] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def current(self) -> tuple[str, int]:
        """Return epoch and revision."""
        with self.database.read() as connection:
            return reading.current(connection)

    def models(self, prefix: str = "") -> tuple[Model, ...]:
        """Return the models whose names begin with exactly these characters, by name."""
        with self.database.read() as connection:
            return reading.models_beginning(connection, prefix)

    def model(self, name: str) -> Model:
        """Return one model.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self.database.read() as connection:
            return reading.find_model(connection, name)

    def resolve(self, text: str) -> tuple[Model, ModelVersion]:
        """Return the version that `name`, `name@version` or `name:alias` names, and its model.

        Raises:
            InputError: the text has none of these forms.
            NotFoundError: there is no such model, version or alias.
        """
        reference = names.parse(text)
        with self.database.read() as connection:
            return reading.resolve(connection, reference)

    def changes(self, epoch: str, revision: int) -> Changes:
        """Return what a watcher that stands at a revision must apply to be up to date."""
        with self.database.read() as connection:
            return reading.changes(connection, epoch, revision)

    def count(self) -> int:
        """Return how many models there are."""
        with self.database.read() as connection:
            return reading.count_models(connection)

    def sharing(self, objects: Iterable[Digest]) -> dict[Digest, int]:
        """Return for each object how many models need it to answer."""
        with self.database.read() as connection:
            return reading.sharing(connection, objects)

    def publish(
        self, name: str, release: Release, alias: str | None, check: Callable[[], None] = lambda: None
    ) -> tuple[ModelVersion, int]:
        """Publish a release as a version of a model; return it, and the revision at which workers see it.

        A release whose plan is that of the newest version returns that version.  ``check`` runs inside the transaction,
        where nothing can be collected; if it raises, nothing is published.
        """
        names.check_model(name)
        if alias:
            names.check_alias(alias)
        with self.database.write() as connection:
            version = writing.publish(connection, name, release, alias)
            check()
            _, revision = reading.current(connection)
            failpoint("before_commit")
        self.on_change()
        return version, revision

    def set_alias(self, name: str, alias: str, version: int) -> Model:
        """Point an alias at a version, or remove it where the version is 0.

        Raises:
            NotFoundError: the model, the version, or the alias to remove does not exist.
        """
        names.check_alias(alias)
        with self.database.write() as connection:
            if version:
                writing.point(connection, name, alias, version)
            else:
                writing.remove_alias(connection, name, alias)
            model = reading.find_model(connection, name)
        self.on_change()
        return model

    def delete(self, text: str, force: bool = False) -> None:
        """Delete a model (`name`), or one version of it (`name@version`, `name:alias`).

        Raises:
            NotFoundError: there is no such thing.
            PreconditionError: an alias points to it and ``force`` is not set.
        """
        reference = names.parse(text)
        with self.database.write() as connection:
            if reference.version is None and reference.alias is None:
                writing.delete_model(connection, reference.model, force)
            else:
                _, version = reading.resolve(connection, reference)
                writing.delete_version(connection, reference.model, version.version, force)
        self.on_change()

    def holding(self) -> AbstractContextManager[Hold]:
        """Return a hold on objects that lasts as long as the block, and no longer than this process."""
        return self._holds.holding()

    def lease(self, digests: Iterable[Digest], seconds: float, holder: str = "") -> None:
        """Keep objects for so long at least (half of it, where a lease still lasts), whether they are there or not.

        Args:
            digests: the objects.
            seconds: how long.
            holder: who counts on them; :meth:`release` ends a lease of this one, and of no other.
        """
        now = time.time()
        with self._lock:
            short = [d for d in digests if self._leased.get((holder, d), 0.0) < now + seconds / 2]
        if short:
            # Lost in a power cut, a lease costs an upload that is made again; that is no reason to flush the disk.
            with self.database.write(durable=False) as connection:
                writing.lease(connection, short, now + seconds, holder)
            with self._lock:
                self._leased |= {(holder, digest): now + seconds for digest in short}

    def release(self, digests: Iterable[Digest], holder: str) -> None:
        """End the leases that a holder has on objects; those of nobody are nobody's to end."""
        if not holder:
            return
        with self._lock:
            mine = [digest for digest in dict.fromkeys(digests) if self._leased.pop((holder, digest), None)]
        if mine:
            with self.database.write(durable=False) as connection:
                writing.release(connection, mine, holder)

    def unneeded(self, candidates: Iterable[Digest]) -> list[Digest]:
        """Return those objects that, at this moment, no version needs and no lease keeps."""
        with self.database.read() as connection, self._holds.excluded(candidates) as free:
            return reading.unneeded(connection, free, time.time())

    def remove_unneeded(self, candidates: list[Digest], remove: Callable[[Digest], object]) -> list[Digest]:
        """Call ``remove`` for the objects that no version needs and no lease or hold keeps, and return them.

        All of it is one writing transaction, so that no lease and no version can come between the look and the deed.

        Raises:
            PreconditionError: the database holds another catalog than the one that was opened.
        """
        now = time.time()
        with self.database.write() as connection, self._holds.excluded(candidates) as free:
            epoch, _ = reading.current(connection)
            if epoch != self.epoch:
                raise PreconditionError(
                    f"catalog: its epoch was {self.epoch} and is {epoch}; nothing is collected by it"
                )
            found = reading.unneeded(connection, free, now)
            for digest in found:
                remove(digest)
        return found

    def needing(self, digest: Digest) -> list[ModelVersion]:
        """Return the versions that need an object."""
        with self.database.read() as connection:
            return reading.needing(connection, digest)

    def objects(self) -> set[Digest]:
        """Return all objects that versions need."""
        with self.database.read() as connection:
            return reading.objects(connection)

    def forget(self) -> None:
        """Drop leases that ran out and what is known of plans that no version has."""
        now = time.time()
        with self.database.write() as connection:
            writing.forget(connection, now)
        with self._lock:
            self._leased = {key: until for key, until in self._leased.items() if until > now}

    def holdings(self) -> dict[Digest, set[Digest]]:
        """Return, for each plan and definition of a version, the objects it needs, itself included."""
        with self.database.read() as connection:
            found = reading.list_models(connection, models.c.deleted == 0)
            holders = {d for model in found for v in model.versions for d in (v.plan, v.definition)}
            return {holder: reading.held(connection, [holder]) for holder in holders}
