"""Interface of a store of immutable objects; every method is safe to call from any thread.

An *object* is some bytes under their digest: a parameter, a derived blob, a plan, a definition.  Objects never change,
so everything here may be retried; two writers of one object cannot disagree.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from pretzel.errors import InputError
from pretzel.plan.digest import Digest

Buffer = bytes | bytearray | memoryview


class Writer(ABC):
    """Stores one object piece by piece.

    Nothing is visible before :meth:`commit`; leaving the ``with`` block without it discards the object.
    """

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.written = 0
        self._hash = hashlib.sha256()

    def write(self, piece: Buffer) -> None:
        """Append a piece; do not retry it, since a piece may be partly written when this raises.

        Raises:
            InputError: the pieces are longer than the size in the digest.
            ExhaustedError: the disk is full.
            UnavailableError: the disk or the machine failed; retry.
        """
        total = self.written + len(piece)
        if total > self.digest.size:
            raise InputError(f"object {self.digest}: {total} bytes arrived, {self.digest.size} expected")
        self._append(piece)
        self._hash.update(piece)
        self.written = total

    def commit(self) -> None:
        """Make the object visible, whole and durable, or not at all.

        Raises:
            InputError: bytes are missing, or do not match the digest.
            ExhaustedError: the disk is full.
            UnavailableError: the disk or the machine failed; retry.
            CorruptObjectError: the disk returned other bytes than were written.
        """
        if self.written != self.digest.size:
            raise InputError(f"object {self.digest}: {self.written} bytes arrived, {self.digest.size} expected")
        if self._hash.hexdigest() != self.digest.hex:
            raise InputError(
                f"object {self.digest}: the bytes hash to sha256:{self._hash.hexdigest()}; send them again"
            )
        self._publish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    @abstractmethod
    def _append(self, piece: Buffer) -> None:
        """Store a piece, still invisible."""

    @abstractmethod
    def _publish(self) -> None:
        """Make the checked bytes visible under their digest, replacing any earlier file."""

    @abstractmethod
    def _discard(self) -> None:
        """Discard what was not published; may be called twice."""


SCHEMES: dict[str, type[ObjectStore]] = {}
"""Stores by the scheme of their URLs."""


class ObjectStore(ABC):
    """Objects by digest."""

    scheme: ClassVar[str] = ""
    """Scheme of the URLs that :meth:`open` opens; a class that defines it is found by it."""

    root: Path | None = None
    """Directory with the identity of the store (see `identity.py`); None if the store has no identity of its own."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "scheme" in vars(cls) and SCHEMES.setdefault(cls.scheme, cls) is not cls:
            raise TypeError(f"{cls.__name__}: scheme {cls.scheme!r} is that of {SCHEMES[cls.scheme].__name__}")

    @classmethod
    def open(cls, url: str, *, sweep: bool = True) -> Self:
        """Open the store of a URL for this process alone; ``sweep`` removes partial writes.

        Raises:
            InputError: the URL does not name a store of this scheme.
            PreconditionError: another process uses it, or it cannot be opened.
        """
        raise NotImplementedError

    @classmethod
    def open_shared(cls, url: str, *, sweep: bool = True) -> Self:
        """Open the store of a URL that other control planes over the same catalog may have open too.

        Partial writes are removed only if no other has it open.

        Raises:
            InputError, PreconditionError: as :meth:`open`.
        """
        return cls.open(url, sweep=sweep)

    on_damage: Callable[[Digest], None] = staticmethod(lambda digest: None)
    """Called when an object is found damaged."""

    @abstractmethod
    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        """Return the objects that the store lacks, each once, in the given order.

        An object of the wrong length (torn by a crash) counts as missing, so that it is sent again.
        """

    @abstractmethod
    def writer(self, digest: Digest) -> Writer:
        """Start to store an object.  It may exist already, and several may write it at once: the last one stays."""

    @abstractmethod
    def get(self, digest: Digest) -> memoryview:
        """Return the bytes, checked against the digest; the view stays valid when the object is deleted.

        Raises:
            NotFoundError: the store does not hold the object.
            CorruptObjectError: the bytes do not match the digest.  The object then counts as missing, and
                this error stays until it is stored again.
            UnavailableError: the machine is short of descriptors or memory.
        """

    @abstractmethod
    def delete(self, digest: Digest) -> bool:
        """Remove an object and return whether it existed; deleting twice is not an error."""

    @abstractmethod
    def digests(self) -> Iterator[Digest]:
        """Yield all stored objects, unordered; objects added or removed meanwhile may be missed."""

    def check(self, digest: Digest, *, rehash: bool = False) -> None:
        """Check that the bytes match the digest; a file not written since its check is read only with ``rehash``.

        With ``rehash``, the bytes come from the disk and not from the page cache.

        Raises:
            NotFoundError, CorruptObjectError: as :meth:`get` does.
        """
        self.get(digest)

    @abstractmethod
    def is_whole(self, digest: Digest) -> bool:
        """Return whether a stored object's bytes match its digest, without moving it; true for one removed meanwhile.

        Raises:
            UnavailableError: the machine is short of descriptors or memory.
        """

    def foreign(self) -> Iterator[Path]:
        """Yield the files among the objects that the store did not write."""
        yield from ()

    def epoch(self) -> str:
        """Return the epoch of the store; empty if it has none."""
        return ""

    def keeps_all(self) -> bool:
        """Return whether unneeded objects must stay, because their catalog was lost."""
        return False

    def path(self, digest: Digest) -> Path | None:
        """Return the file that another process may map; None if objects are not files."""
        return None

    def close(self) -> None:
        """Release what :meth:`open` locked."""
        return

    def put(self, digest: Digest, data: Buffer) -> bool:
        """Store an object at once, unless it exists, and return whether it was written.

        Raises:
            InputError: the bytes do not match the digest; nothing is stored.
            ExhaustedError: the disk is full; nothing is stored.
        """
        if not self.missing([digest]):
            return False
        with self.writer(digest) as writer:
            writer.write(data)
            writer.commit()
        return True
