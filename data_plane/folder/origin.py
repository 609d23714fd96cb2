"""A folder as the origin of a worker's models: looks for new and changed files, and makes the catalog of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from pretzel.data_plane.cache.disk import Stamp
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import DEFAULT_ALIAS, Catalog, decode_model, encode_model
from pretzel.data_plane.folder.compiling import CompiledFile, FileCompiler
from pretzel.data_plane.folder.files import ModelFile, ModelFiles
from pretzel.data_plane.pull.fetch import Failures
from pretzel.errors import NotFoundError, PretzelError, UnavailableError, brief
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model, ModelVersion

log = structlog.get_logger(__name__)

EPOCH = "folder"
LOOK_SECONDS = 2.0
"""Time between two looks at the stamps of the files."""


class Folder:
    """A folder of exported models."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files

    def open(self, cache: ObjectCache, saved: Catalog) -> tuple[FolderWatcher, FolderFetcher]:
        """Return the two parts of the origin."""
        compiler = FileCompiler(cache)
        return FolderWatcher(self._files, compiler, saved), FolderFetcher(self._files, compiler, cache)


class FolderWatcher:
    """Maintains :attr:`target`, the catalog of the files.

    A file that cannot be compiled leaves its model as it was, and an empty folder leaves all: what is served stays.
    """

    def __init__(self, files: ModelFiles, compiler: FileCompiler, target: Catalog) -> None:
        self._files, self._compiler, self.target = files, compiler, target
        self.replaces, self.connected, self.breaks = "", False, 0
        self.moved = asyncio.Event()
        self._stamps: dict[str, Stamp] = {}
        self._failures: dict[str, str] = {}
        """Why each file that failed did; it is compiled again when it changes."""
        self._wanted = asyncio.Event()
        self._looked = asyncio.Condition()

    async def run(self) -> None:
        """Follow until cancelled.

        Raises:
            PretzelError: the folder cannot be read, or a file of it cannot be compiled.
        """
        while True:
            self._wanted.clear()
            try:
                await self._look()
                self.connected = True
            except PretzelError:
                self.connected = False
                self.breaks += 1
                raise
            finally:
                async with self._looked:
                    self._looked.notify_all()
            await self._pause()

    async def head(self) -> int:
        """Look at the files, and return the revision of their catalog."""
        async with self._looked:
            self._wanted.set()
            await self._looked.wait()
        return self.target.revision

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._wanted.wait(), LOOK_SECONDS)
        except TimeoutError:
            pass

    async def _look(self) -> None:
        files = await asyncio.to_thread(self._files.now)
        self._failures = {name: why for name, why in self._failures.items() if name in files}
        self._stamps = {name: stamp for name, stamp in self._stamps.items() if name in files}
        changed: dict[str, bytes] = {}
        for name, file in files.items():
            if self._stamps.get(name) != file.stamp and (record := await self._compiled(name, file)) is not None:
                changed[name] = record
        self._publish(changed, self.target.records.keys() - files.keys())
        if self._failures:
            raise UnavailableError("; ".join(self._failures.values()))

    async def _compiled(self, name: str, file: ModelFile) -> bytes | None:
        """Return the record of a model; None if its file has a fault, which is noted."""
        self._stamps[name] = file.stamp
        try:
            compiled = await self._compiler.compile(file.path)
        except (PretzelError, OSError) as error:
            self._failures[name] = brief(error) if isinstance(error, PretzelError) else f"{file.path}: {error}"
            log.error("a model cannot be read", model=name, error=self._failures[name])
            if not isinstance(error, PretzelError):  # of the disk: it may have room again later
                del self._stamps[name]
            return None
        self._failures.pop(name, None)
        before = self.target.records.get(name)
        return encode_model(_model(name, compiled, file, decode_model(before) if before else None))

    def _publish(self, changed: dict[str, bytes], gone: Iterable[str]) -> None:
        """Make these changes the next revision, if they are any."""
        records = self.target.records
        gone = [name for name in gone if name in records]
        changed = {name: record for name, record in changed.items() if records.get(name) != record}
        if changed or gone:
            whole = self.target.epoch != EPOCH  # of a control plane that was followed before
            kept = {} if whole else {name: record for name, record in records.items() if name not in gone}
            self.target = Catalog(EPOCH, self.target.revision + 1).changed(
                EPOCH, self.target.revision + 1, {**kept, **changed}, whole=True
            )
            log.info("the models of the folder changed", changed=sorted(changed)[:5], gone=sorted(gone)[:5])
            self.moved.set()


class FolderFetcher:
    """Compiles files again for objects that the cache has lost."""

    direct_bytes = direct_failures = 0

    def __init__(self, files: ModelFiles, compiler: FileCompiler, cache: ObjectCache) -> None:
        self._files, self._compiler, self._cache = files, compiler, cache
        self.failures = 0

    @property
    def fetched_bytes(self) -> int:
        """Bytes of all objects that were taken into the cache."""
        return self._compiler.bytes

    async def fetch(self, digests: Iterable[Digest]) -> Failures:
        """Compile the files again if objects are missing; return those that are missing then, with the reason."""
        missing = [digest for digest in dict.fromkeys(digests) if not self._cache.has(digest)]
        if not missing:
            return {}
        lost: PretzelError | OSError = NotFoundError(f"no file in {self._files.folder} has it any more")
        try:
            for file in (await asyncio.to_thread(self._files.now)).values():
                await self._compiler.compile(file.path)
        except (PretzelError, OSError) as error:
            log.error("a model cannot be read", error=str(error))
            lost = error
        failures: Failures = {digest: lost for digest in missing if not self._cache.has(digest)}
        self.failures += len(failures)
        return failures


def _model(name: str, compiled: CompiledFile, file: ModelFile, before: Model | None) -> Model:
    """Return a model with one version; its number grows with each change of the plan."""
    last = before.versions[-1] if before and before.versions else None
    if last is not None and (last.plan, last.definition) == (compiled.plan, compiled.definition):
        version = last
    else:
        metadata = {**compiled.metadata, "verified": False, "unverified": f"it was read from the file {file.path.name}"}
        number, created = last.version + 1 if last else 1, file.stamp[2] * 1e-9
        version = ModelVersion(
            name, number, compiled.plan, compiled.definition, created, compiled.parameter_bytes, metadata
        )
    return Model(name, (version,), {DEFAULT_ALIAS: version.version})
