"""Cache of parameters read from the store, so that deploying a sibling of a model reads nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from pretzel.control_plane.store.interface import ObjectStore
from pretzel.errors import CorruptObjectError, DefinitionError, NotFoundError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter


class ParameterCache:
    """LRU cache, bounded by bytes and by the number of parameters (each large one holds a map).

    A cached parameter is valid while its file is unchanged: one written since it was read is read again.
    """

    def __init__(self, store: ObjectStore, capacity: int = 64 << 20, count: int = 512) -> None:
        self.store, self.capacity, self.count = store, capacity, count
        self.held = self.hits = self.misses = 0
        self._kept: OrderedDict[Digest, Parameter] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: Digest) -> Parameter:
        """Return one parameter whose bytes were checked since the last write of its file.

        Raises:
            NotFoundError: the store does not hold it.
            CorruptObjectError: its bytes are damaged.
            DefinitionError: its bytes are intact but are not a parameter.
        """
        if (cached := self._known(digest)) is not None:
            return cached
        parameter = _parse(self.store.get(digest), digest)
        with self._lock:
            self._keep(parameter)
        return parameter

    def many(self, digests: Iterable[Digest]) -> dict[Digest, Parameter]:
        """Return several parameters, by digest.

        Raises:
            CorruptObjectError: some are damaged.  All are read first, so that the store records each, and one upload
                replaces them all.
            NotFoundError, DefinitionError: as :meth:`get` does.
        """
        parameters: dict[Digest, Parameter] = {}
        damaged: list[CorruptObjectError] = []
        for digest in digests:
            try:
                parameters[digest] = self.get(digest)
            except CorruptObjectError as error:
                damaged.append(error)
        if damaged:
            more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
            raise CorruptObjectError(f"{damaged[0]}{more}")
        return parameters

    def _known(self, digest: Digest) -> Parameter | None:
        """Return a cached parameter that is still valid; drop an invalid one."""
        with self._lock:
            cached = self._kept.get(digest)
            self.hits, self.misses = self.hits + (cached is not None), self.misses + (cached is None)
            if cached is None:
                return None
            self._kept.move_to_end(digest)
        try:
            self.store.check(digest)
        except (CorruptObjectError, NotFoundError):
            self._forget(digest)
            raise
        return cached

    def _forget(self, digest: Digest) -> None:
        with self._lock:
            if (old := self._kept.pop(digest, None)) is not None:
                self.held -= old.nbytes
        Parameter.forget([digest])

    def _keep(self, parameter: Parameter) -> None:
        if parameter.digest not in self._kept:
            self._kept[parameter.digest] = parameter
            self.held += parameter.nbytes
        while self._kept and (self.held > self.capacity or len(self._kept) > self.count):
            _, old = self._kept.popitem(last=False)
            self.held -= old.nbytes


def _parse(data: memoryview, digest: Digest) -> Parameter:
    try:
        return Parameter(data, digest)
    except CorruptObjectError as error:
        raise DefinitionError(f"object {digest} is not a parameter: {error}") from None
