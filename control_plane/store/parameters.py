"""Cache of parameters read from the store, so that deploying a sibling of a model reads nothing."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.control_plane.store.interface import ObjectStore
from pretzel.engine.second_use import SecondUseCache
from pretzel.errors import CorruptObjectError, DefinitionError, NotFoundError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter


class ParameterCache(SecondUseCache[Digest, Parameter]):
    """Parameters, bounded by bytes and by number (each large one holds a map).

    A cached parameter is valid while its file is unchanged: one written since it was read is read again.
    """

    def __init__(self, store: ObjectStore, capacity: int = 64 << 20, count: int = 512) -> None:
        super().__init__(capacity, lambda parameter: parameter.nbytes, count)
        self.store = store

    def read(self, digest: Digest) -> Parameter:
        """Return one parameter whose bytes were checked since the last write of its file.

        Raises:
            NotFoundError: the store does not hold it.
            CorruptObjectError: its bytes are damaged.
            DefinitionError: its bytes are intact but are not a parameter.
        """
        if (cached := self._known(digest)) is not None:
            return cached
        parameter = _parse(self.store.get(digest), digest)
        self.add(digest, parameter)
        return parameter

    def many(self, digests: Iterable[Digest]) -> dict[Digest, Parameter]:
        """Return several parameters, by digest.

        Raises:
            CorruptObjectError: some are damaged.  All are read first, so that the store records each, and one upload
                replaces them all.
            NotFoundError, DefinitionError: as :meth:`read` does.
        """
        parameters: dict[Digest, Parameter] = {}
        damaged: list[CorruptObjectError] = []
        for digest in digests:
            try:
                parameters[digest] = self.read(digest)
            except CorruptObjectError as error:
                damaged.append(error)
        if damaged:
            more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
            raise CorruptObjectError(f"{damaged[0]}{more}")
        return parameters

    def _known(self, digest: Digest) -> Parameter | None:
        """Return a cached parameter that is still valid; drop an invalid one."""
        cached = self.get(digest)
        if cached is None:
            return None
        try:
            self.store.check(digest)
        except (CorruptObjectError, NotFoundError):
            self.drop(digest)
            Parameter.forget([digest])
            raise
        return cached


def _parse(data: memoryview, digest: Digest) -> Parameter:
    try:
        return Parameter(data, digest)
    except CorruptObjectError as error:
        raise DefinitionError(f"object {digest} is not a parameter: {error}") from None
