"""Checks a store: the catalog, each object against its digest, and that every version has all its objects intact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.audit import Change, record
from pretzel.control_plane.catalog.opening import FILE, dialect_of, location_of
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.store import ObjectStore, ParameterCache, identity
from pretzel.control_plane.store.opening import store_of
from pretzel.control_plane.store.ownership import own
from pretzel.errors import CorruptObjectError, NotFoundError, PreconditionError, PretzelError
from pretzel.plan.definition import parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import Plan

_REPAIR = "run `pretzel fsck --repair`"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a store."""

    path: str
    """Affected file, object or version."""
    problem: str
    remedy: str
    """The remedy, or the completed repair."""
    repaired: bool = False


class Check:
    """One check of a store; it counts the checked objects."""

    def __init__(self, store: ObjectStore, catalog: Catalog, repair: bool = False) -> None:
        self.store, self.catalog, self.repair = store, catalog, repair
        self.rebuilder = Rebuilder(store, catalog, ParameterCache(store, 0))
        self.objects = self.bytes = self.findings = 0
        self._bad: set[Digest] = set()

    def run(self) -> Iterator[Finding]:
        """Yield problems as they are found; with ``repair``, repair what can be repaired."""
        for part in (
            self._catalog,
            self._epoch,
            self._strays,
            self._objects,
            self._versions,
            self._samples,
            self._kept,
        ):
            for finding in part():
                self.findings += 1
                if finding.repaired:
                    self._record(finding)
                yield finding

    def _record(self, finding: Finding) -> None:
        change = Change(before={finding.path: finding.problem}, after={finding.path: finding.remedy})
        with self.catalog.database.write() as connection:
            record(connection, change, method="CheckStore")

    def _catalog(self) -> Iterator[Finding]:
        for line in self.catalog.database.integrity():
            yield Finding(
                self.catalog.database.name, line, f"restore {self.catalog.database.dialect.short} from a backup"
            )

    def _epoch(self) -> Iterator[Finding]:
        stored, (epoch, _) = self.store.epoch(), self.catalog.current()
        if stored and stored != epoch:
            problem = f"the objects are of epoch {stored}, the catalog is of epoch {epoch}"
            yield Finding(f"{self.store.name}/{identity.FILE}", problem, "restore the catalog of these objects")

    def _strays(self) -> Iterator[Finding]:
        for name in self.store.foreign():
            finding = Finding(name, "not an object of the store", f"{_REPAIR}, which removes it")
            if self.repair:
                self.store.remove_foreign(name)
                finding = replace(finding, remedy="removed", repaired=True)
            yield finding

    def _objects(self) -> Iterator[Finding]:
        """Read all stored objects; those that versions need are reported with the versions."""
        needed = self.catalog.objects()
        for digest in self.store.digests():
            self.objects += 1
            self.bytes += digest.size
            if self.store.is_whole(digest):
                continue
            self._bad.add(digest)
            if self.repair:
                self._quarantine(digest)
            if digest not in needed:
                done = ("quarantined", True) if self.repair else (f"{_REPAIR}, which quarantines it", False)
                yield Finding(self.store.place(digest), "its bytes do not have its digest", *done)

    def _quarantine(self, digest: Digest) -> None:
        try:
            self.store.check(digest, rehash=True)
        except (CorruptObjectError, NotFoundError):
            return

    def _versions(self) -> Iterator[Finding]:
        holdings = self.catalog.holdings()
        reported: set[Digest] = set()
        for model in self.catalog.models():
            for version in model.versions:
                held = holdings.get(version.plan, set()) | holdings.get(version.definition, set())
                yield from self._version(version, held, reported)

    def _version(self, version: ModelVersion, held: set[Digest], reported: set[Digest]) -> Iterator[Finding]:
        needed = {version.plan, version.definition}
        for digest, read in ((version.plan, _of_plan), (version.definition, _of_definition)):
            yield from self._lacks(version, digest, reported)
            try:
                needed.update(read(self.store.get(digest)) if self._has(digest) else ())
            except PretzelError as error:
                yield Finding(str(version), f"object {digest} cannot be read: {error}", "deploy the model again")
        for digest in sorted(needed | held):
            yield from self._lacks(version, digest, reported)
        for digest in sorted(needed - held):
            yield Finding(str(version), f"object {digest} may be collected", "deploy the model again")

    def _lacks(self, version: ModelVersion, digest: Digest, reported: set[Digest]) -> Iterator[Finding]:
        if self._has(digest) or digest in reported:
            return
        reported.add(digest)
        state = "damaged in" if digest in self._bad else "not in"
        finding = Finding(str(version), f"object {digest} is {state} the store", self._remedy(version, digest))
        if self.repair and self.rebuilder.rebuild(digest):
            self._bad.discard(digest)
            finding = replace(finding, remedy="rebuilt from the definition", repaired=True)
        yield finding

    def _samples(self) -> Iterator[Finding]:
        """Find lost samples; no model depends on them, so that a repair forgets them."""
        for (model, number), digest in self.catalog.samples.all().items():
            if self._has(digest):
                continue
            problem = f"its sample, object {digest}, is not intact in the store: an upgrade cannot compare its answers"
            finding = Finding(f"{model}@{number}", problem, f"deploy {model!r} again, or {_REPAIR}, which forgets it")
            if self.repair:
                self.catalog.samples.forget(digest)
                finding = replace(finding, remedy="forgotten: an upgrade does not compare its answers", repaired=True)
            yield finding

    def _has(self, digest: Digest) -> bool:
        return digest not in self._bad and not self.store.missing([digest])

    def _remedy(self, version: ModelVersion, digest: Digest) -> str:
        deploy = f"deploy {version.model!r} again, or restore the object from a backup"
        if self.repair:
            return deploy
        try:
            makes = digest in self.rebuilder.rebuilt(version)
        except PretzelError:
            makes = False
        return f"{_REPAIR}, which rebuilds it" if makes else deploy

    def _kept(self) -> Iterator[Finding]:
        stored = self.store.identity()
        if stored is None or not stored.keeps:
            return
        problem = "the objects have lost their catalog; those that no version needs are kept"
        finding = Finding(self.store.name, problem, f"{_REPAIR}, after which they are collected")
        if self.repair:
            self.store.identify(replace(stored, keeps=False), stored)
            finding = replace(finding, remedy="they are collected from now on", repaired=True)
        yield finding


def check_directory(data_dir: Path, repair: bool = False, url: str = "", catalog: str = "") -> Iterator[Finding]:
    """Check the data directory of a control plane that is not running; with the URLs of its settings, if it has some.

    Raises:
        InputError: no store or catalog has the URL.
        PreconditionError: a control plane has it open, or it is not a data directory; with ``repair``, also one that
            shares its catalog.
    """
    if not data_dir.is_dir() or (not (catalog and url) and not (data_dir / (FILE if url else "objects")).exists()):
        raise PreconditionError(
            f"{data_dir}: not the data directory of a control plane; give the one it is started with"
        )
    dialect = dialect_of(location_of(data_dir, catalog))
    shared = dialect.shares and not repair
    with (
        own(data_dir),
        closing(dialect.own(alone=not shared)),
        closing(store_of(data_dir, url, sweep=repair, shared=shared)) as store,
    ):
        try:
            identified = identity.establish(f"data directory {data_dir}", store, dialect)
            opened = Catalog(dialect, epoch=identified.epoch)
        except (PreconditionError, CorruptObjectError) as error:
            yield Finding(dialect.name, str(error), "restore the catalog from a backup")
            return
        with closing(opened):
            yield from Check(store, opened, repair).run()


def _of_plan(data: memoryview) -> list[Digest]:
    return list(Plan.from_encoded(data).objects)


def _of_definition(data: memoryview) -> list[Digest]:
    return list(parameter_digests(decode(data)))
