"""Rebuilds objects that the store lost or damaged: those that follow from a definition, byte for byte."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.compiler.optimize.weights import compact
from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.store import ObjectStore, ParameterCache
from pretzel.control_plane.store.interface import Buffer
from pretzel.control_plane.verify import Tolerance
from pretzel.errors import CorruptObjectError, NotFoundError, PretzelError
from pretzel.plan.definition import Definition, from_tree, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode
from pretzel.plan.model import ModelVersion
from pretzel.plan.sizes import Sizes

_MOST_NAMED = 3


class Rebuilder:
    """Rebuilds plans and derived blobs.  Safe for several threads."""

    def __init__(self, store: ObjectStore, catalog: Catalog, parameters: ParameterCache) -> None:
        self.store, self.catalog, self.parameters = store, catalog, parameters
        self.rebuilds = 0
        self._lock = threading.Lock()

    def read(self, version: ModelVersion) -> Definition:
        """Return the definition of a version, as it was deployed."""
        tree = decode(self.store.get(version.definition))
        return from_tree(tree, self.parameters.many(parameter_digests(tree)))

    def explained(self, version: ModelVersion) -> Definition:
        """Return the definition of a version, as :meth:`read`; errors name the affected versions and the next step."""
        tree = decode(self.get(version.definition))
        for digest in parameter_digests(tree):
            self.whole(digest)
        return self.read(version)

    def whole(self, digest: Digest) -> None:
        """Ensure that an object is intact in the store; rebuild it if possible.

        Raises:
            NotFoundError: the store does not hold it, and no version needs it.
            CorruptObjectError: it is lost or damaged and cannot be rebuilt; the message names its versions.
        """
        try:
            self.store.check(digest)
        except (NotFoundError, CorruptObjectError) as error:
            if not self.rebuild(digest):
                raise self.blame(digest, error) from None

    def get(self, digest: Digest) -> memoryview:
        """Return the bytes of an object, hashed now, and rebuilt if needed; raises as :meth:`whole` does."""
        try:
            return self.store.get(digest)
        except (NotFoundError, CorruptObjectError) as error:
            if not self.rebuild(digest):
                raise self.blame(digest, error) from None
            return self.store.get(digest)

    def rebuild(self, digest: Digest) -> bool:
        """Rebuild a lost or damaged object from a version that needs it, and return whether it is intact now."""
        with self._lock, self.catalog.holding() as hold:
            hold.add([digest])
            if self._is_whole(digest):  # rebuilt meanwhile
                return True
            rebuilt = any(self._rebuild_from(version, digest) for version in self.catalog.needing(digest))
            self.rebuilds += rebuilt
            return rebuilt

    def blame(self, digest: Digest, error: NotFoundError | CorruptObjectError) -> NotFoundError | CorruptObjectError:
        """Return an error that names the affected versions and the next step; ``error`` if none is affected."""
        versions = self.catalog.needing(digest)
        if not versions:
            return error
        state = "damaged in" if isinstance(error, CorruptObjectError) else "missing from"
        names = ", ".join(f"model {v.model!r} version {v.version}" for v in versions[:_MOST_NAMED])
        more = f" and {len(versions) - _MOST_NAMED} more" if len(versions) > _MOST_NAMED else ""
        return CorruptObjectError(
            f"object {digest} of {names}{more} is {state} the store; deploy the model again, or restore the object "
            "from a backup; `pretzel fsck` lists all such objects"
        )

    def rebuilt(self, version: ModelVersion) -> Mapping[Digest, Buffer]:
        """Return the plan of a version and its objects, rebuilt from the definition.

        Raises:
            NotFoundError, CorruptObjectError: the definition or one of its parameters is not intact.
        """
        _, compiled = self.compiled(version)
        return {compiled.plan.digest: compiled.plan.encoded, **compiled.blobs}

    def compiled(self, version: ModelVersion) -> tuple[Definition, Compiled]:
        """Return the definition of a version, and what it compiles to with the kernels of this release.

        Raises:
            NotFoundError, CorruptObjectError: the definition or one of its parameters is not intact.
        """
        definition = self.read(version)
        return definition, compile_plan(_optimized(definition, version.metadata), _sizes(version.metadata))

    def _rebuild_from(self, version: ModelVersion, digest: Digest) -> bool:
        try:
            data = self.rebuilt(version).get(digest)
            if data is None:
                return False
            self.store.put(digest, data)
        except PretzelError:
            return False
        return self._is_whole(digest)

    def _is_whole(self, digest: Digest) -> bool:
        try:
            self.store.check(digest)
        except (NotFoundError, CorruptObjectError):
            return False
        return True


def _optimized(definition: Definition, metadata: Mapping[str, Any]) -> Definition:
    form = metadata.get("weights", {}).get("form", "exact")
    relative = metadata.get("tolerance", {}).get("relative", Tolerance().relative)
    return compact(optimize(definition), form, relative)


def _sizes(metadata: Mapping[str, Any]) -> Sizes:
    sizes = metadata.get("statistics")
    return Sizes.from_tree(sizes) if sizes else Sizes()
