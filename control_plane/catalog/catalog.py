"""Public interface of the catalog: every method is one transaction, safe to call from any thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from pretzel.control_plane.catalog import kernel_sets, names, reading, repeats, writing
from pretzel.control_plane.catalog.audit import watched
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.hinting import Hinted
from pretzel.control_plane.catalog.keeping import Keeping
from pretzel.control_plane.catalog.labelling import Labelling
from pretzel.control_plane.catalog.leases import Leases
from pretzel.control_plane.catalog.recompiling import Recompiling
from pretzel.control_plane.catalog.records import Changes, Release
from pretzel.control_plane.catalog.rolling import Rolling
from pretzel.control_plane.catalog.rollout_rows import check_free
from pretzel.control_plane.catalog.rollouts import Rollouts
from pretzel.control_plane.catalog.sampling import KeptSamples, listed
from pretzel.control_plane.catalog.scheduling import Schedule
from pretzel.control_plane.catalog.selectors import EVERYTHING, Selection
from pretzel.control_plane.catalog.shadowing import Shadows
from pretzel.control_plane.catalog.tables import models
from pretzel.control_plane.catalog.terms import admit
from pretzel.control_plane.catalog.work import Work
from pretzel.control_plane.steps import reached
from pretzel.errors import UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelVersion
from pretzel.plan.terms import ANY, Terms

CHANGED = "changed"
"""Announcement that models have changed."""


class Catalog(Keeping):
    """Models and their objects, in a database.  ``on_change`` is called after every visible change."""

    def __init__(
        self,
        location: Path | str | Dialect,
        on_change: Callable[[], None] = lambda: None,
        epoch: str = "",
        keep_versions: int = 0,
        leases: Leases | None = None,
    ) -> None:
        """Open a catalog, or create one with the given epoch or a new one.

        Args:
            location: file of the database, its URL, or its dialect.
            on_change: called after every visible change.
            epoch: epoch of a new catalog; empty for a generated one.
            keep_versions: number of versions without an alias that a model keeps; 0 keeps all.
            leases: bounds of leases; by default hardly any.
        """
        self.plane = uuid.uuid4().hex[:12]
        """Identifies this control plane among those that share the database."""
        super().__init__(Database(location, epoch), self.plane, leases)
        self._keep_versions, self.on_change = keep_versions, on_change
        self.epoch, _ = self.current()
        self.labels = Labelling(self.database, self._changing)
        self.rolling = Rolling(self.database, self._changing)
        self.rollouts = Rollouts(self.database, self._changing)
        self.hints = Hinted(self.database, self._changing)
        self.schedule = Schedule(self.database)
        self.shadows = Shadows(self.database, self._changing)
        self.samples = KeptSamples(self.database)
        self.recompiling = Recompiling(self.database, self._changing)
        self.work = Work(self.database, self.plane)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def current(self) -> tuple[str, int]:
        """Return epoch and revision."""
        with self.database.read() as connection:
            return reading.current(connection)

    def models(self, prefix: str = "", selection: Selection = EVERYTHING) -> tuple[Model, ...]:
        """Return the selected models whose names start with exactly ``prefix``, by name."""
        with self.database.read() as connection:
            if not selection:
                return reading.labelled(connection, reading.models_beginning(connection, prefix))
            found = reading.models_named(connection, reading.names_of_all(connection, prefix, selection))
            return reading.labelled(connection, found)

    def page(
        self, prefix: str, after: str, size: int, selection: Selection = EVERYTHING
    ) -> tuple[tuple[Model, ...], str]:
        """Return up to ``size`` selected models whose names start with ``prefix`` and follow ``after``, and the last.

        The last name is empty if no model follows.
        """
        with self.database.read() as connection:
            names, last = reading.page_of_names(connection, prefix, after, size, selection)
            return reading.labelled(connection, reading.models_named(connection, names)), last

    def model(self, name: str) -> Model:
        """Return one model.

        Raises:
            NotFoundError: no model has that name.
        """
        with self.database.read() as connection:
            return reading.labelled_one(connection, reading.find_model(connection, name))

    def resolve(self, text: str) -> tuple[Model, ModelVersion]:
        """Return the version that `name`, `name@version` or `name:alias` names, and its model.

        Raises:
            InputError: the text has none of these forms.
            NotFoundError: the model, version or alias does not exist.
        """
        with self.database.read() as connection:
            found, version = reading.resolve(connection, names.parse(text))
            model = reading.labelled_one(connection, found)
        return model, next(one for one in model.versions if one.version == version.version)

    def changes(self, epoch: str, revision: int, kernel_set: str = "") -> Changes:
        """Return the changes that bring a watcher at a revision up to date, with its plans for some kernels."""
        with self.database.read() as connection:
            return kernel_sets.suited(connection, reading.changes(connection, epoch, revision), kernel_set)

    def count(self) -> int:
        """Return the number of models."""
        with self.database.read() as connection:
            return reading.count_models(connection)

    def sharing(self, objects: Iterable[Digest]) -> dict[Digest, int]:
        """Return for each object the number of models whose plans need it."""
        with self.database.read() as connection:
            return reading.sharing(connection, objects)

    def publish(
        self,
        name: str,
        release: Release,
        alias: str | None,
        check: Callable[[], None] = lambda: None,
        terms: Terms = ANY,
    ) -> tuple[ModelVersion, int]:
        """Publish a release as a version of a model; return it, and the revision at which workers see it.

        A release whose plan is that of the newest version returns that version, and a repeated deployment the version
        that it made.  ``check`` runs inside the transaction, where no object can be collected; if it raises, nothing is
        published.  The same transaction deletes the oldest versions beyond those that a model keeps; the returned
        version names them.

        Raises:
            PreconditionError: the terms do not hold, or the version of a repeated deployment is gone.
            ExhaustedError: the release's quota is used.
        """
        names.check_model(name)
        if alias:
            names.check_alias(alias)
        with self._changing() as connection:
            version = repeats.made(connection, name, release)
            if version is None:
                check_free(connection, name, alias)
                with watched(connection, name):
                    now = self.database.now()
                    version = writing.publish(connection, name, release, alias, self._keep_versions, terms, now)
                repeats.note(connection, name, release, version.version)
                check()
            _, revision = reading.current(connection)
            reached("before_commit")
        return version, revision

    def set_alias(self, name: str, alias: str, version: int, terms: Terms = ANY) -> Model:
        """Point an alias at a version, or remove it if ``version`` is 0.

        Raises:
            NotFoundError: the model, the version, or the alias to remove does not exist.
            PreconditionError: the terms do not hold.
        """
        names.check_alias(alias)
        with self._changing() as connection, watched(connection, name):
            check_free(connection, name, alias)
            model = reading.find_model(connection, name)
            done = version > 0 and model.aliases.get(alias) == version and alias not in model.traffic
            admit(connection, name, terms, alias, done=done)
            if version:
                writing.point(connection, name, alias, version)
            else:
                writing.remove_alias(connection, name, alias)
            model = reading.labelled_one(connection, reading.find_model(connection, name))
        return model

    def delete(self, text: str, force: bool = False, terms: Terms = ANY) -> None:
        """Delete a model (`name`), or one version of it (`name@version`, `name:alias`).

        Raises:
            NotFoundError: the model, version or alias does not exist.
            PreconditionError: an alias points to it and ``force`` is not set, or the terms do not hold.
        """
        reference = names.parse(text)
        with self._changing() as connection, watched(connection, reference.model):
            reading.find_model(connection, reference.model)
            admit(connection, reference.model, terms)
            if reference.version is None and reference.alias is None:
                writing.delete_model(connection, reference.model, force)
            else:
                _, version = reading.resolve(connection, reference)
                writing.delete_version(connection, reference.model, version.version, force)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """Open a write transaction; watchers look after it."""
        try:
            with self.database.write() as connection:
                yield connection
                self.database.dialect.announce(connection, f"{CHANGED} {self.plane}")
        except UnavailableError:  # the connection may have been lost after the commit was done
            self.on_change()
            raise
        self.on_change()

    def needing(self, digest: Digest) -> list[ModelVersion]:
        """Return the versions that need an object."""
        with self.database.read() as connection:
            return reading.needing(connection, digest)

    def objects(self) -> set[Digest]:
        """Return all objects that versions need."""
        with self.database.read() as connection:
            return reading.objects(connection)

    def holdings(self) -> dict[Digest, set[Digest]]:
        """Return, for each plan, definition and sample of a version, the objects it needs, itself included."""
        with self.database.read() as connection:
            alive = reading.list_models(connection, models.c.deleted == 0)
            holders = {d for model in alive for v in model.versions for d in (v.plan, v.definition)}
            holders |= kernel_sets.plans(connection) | set(listed(connection).values())
            return {holder: reading.held(connection, [holder]) for holder in holders}
