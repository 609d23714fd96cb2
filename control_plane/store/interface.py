"""Interface of a store of immutable objects; every method is safe to call from any thread.

An *object* is some bytes under their digest: a parameter, a derived blob, a plan, a definition.  Objects never change,
so everything here may be retried; two writers of one object cannot disagree.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from pretzel.control_plane.store.identity import Identity
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


@dataclass(frozen=True, slots=True)
class Room:
    """A directory of this process for copies of objects that are stored elsewhere."""

    directory: Path
    most_bytes: int = 4 << 30


class ObjectStore(ABC):
    """Objects by digest."""

    scheme: ClassVar[str] = ""
    """Scheme of the URLs that :meth:`open` opens; a class that defines it is found by it."""

    name: str = "memory"
    """Location in messages, without secrets."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "scheme" in vars(cls) and SCHEMES.setdefault(cls.scheme, cls) is not cls:
            raise TypeError(f"{cls.__name__}: scheme {cls.scheme!r} is that of {SCHEMES[cls.scheme].__name__}")

    @classmethod
    def open(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        """Open the store of a URL; ``sweep`` removes partial writes of an earlier process.

        A store that only one process may use is locked.  A store of several processes keeps copies of objects in
        ``room``, by default a temporary directory.

        Raises:
            InputError: the URL does not name a store of this scheme.
            PreconditionError: another process uses it, or it cannot be opened.
            UnavailableError: its server does not answer.
        """
        raise NotImplementedError

    @classmethod
    def open_shared(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        """Open the store of a URL that other control planes over the same catalog may have open too.

        Partial writes are removed only if no other has it open.

        Raises:
            InputError, PreconditionError: as :meth:`open`.
        """
        return cls.open(url, sweep=sweep, room=room)

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

    def delete_all(self, digests: Iterable[Digest]) -> None:
        """Remove objects; it is not an error if some do not exist.

        Raises:
            UnavailableError: some were not removed, or may be removed later.
        """
        for digest in digests:
            self.delete(digest)

    def foreign(self) -> Iterator[str]:
        """Yield the names of files among the objects that the store did not write."""
        yield from ()

    def remove_foreign(self, name: str) -> None:
        """Remove what :meth:`foreign` named."""
        raise NotImplementedError

    def identity(self) -> Identity | None:
        """Return the identity of the store, as stored now; None if it has none.

        Raises:
            CorruptObjectError: it is damaged.
            UnavailableError: it cannot be read now.
        """
        return None

    def identify(self, identity: Identity, previous: Identity | None) -> None:
        """Store an identity in the place of ``previous``, which :meth:`identity` returned.

        Raises:
            PreconditionError: another control plane stored an identity meanwhile.
        """
        return

    def epoch(self) -> str:
        """Return the epoch of the store; empty if it has none."""
        stored = self.identity()
        return stored.epoch if stored else ""

    def keeps_all(self) -> bool:
        """Return whether unneeded objects must stay, because their catalog was lost."""
        stored = self.identity()
        return stored is not None and stored.keeps

    def place(self, digest: Digest) -> str:
        """Return the location of an object for messages."""
        return str(digest)

    def locate(self, digest: Digest, seconds: float) -> str:
        """Return a URL from which anyone can read an object for some seconds; empty if there are none.

        The object need not be there.

        Raises:
            UnavailableError: the keys for it cannot be had now.
        """
        return ""

    def files(self, digests: Iterable[Digest]) -> AbstractContextManager[Mapping[Digest, Path | bytes]]:
        """Open objects for another process: the files that it may map until the block ends, or their bytes.

        Raises:
            NotFoundError, CorruptObjectError, UnavailableError: as :meth:`get` does.
        """
        return nullcontext({digest: bytes(self.get(digest)) for digest in digests})

    def close(self) -> None:
        """Release what :meth:`open` locked or opened."""
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
