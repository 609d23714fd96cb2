"""What a store of immutable objects promises, whatever keeps the bytes; every method is safe to call from any thread.

An *object* is some bytes under their digest: a parameter, a derived blob, a plan, a definition.  Objects never change,
so everything here may be retried; two writers of one object cannot disagree.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pretzel.errors import InputError
from pretzel.plan.digest import Digest

Buffer = bytes | bytearray | memoryview


class Writer(ABC):
    """Takes one object piece by piece.

    Nothing is visible before :meth:`commit`; leaving the ``with`` block without it leaves nothing behind.
    """

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.written = 0
        self._hash = hashlib.sha256()

    def write(self, piece: Buffer) -> None:
        """Append a piece; not to be retried, since a piece may be half written when this raises.

        Raises:
            InputError: the pieces are longer than the digest says.
            ExhaustedError: no space is left.
            UnavailableError: the disk or the machine failed for now.
        """
        total = self.written + len(piece)
        if total > self.digest.size:
            raise InputError(f"object {self.digest}: {total} bytes came, {self.digest.size} were announced")
        self._append(piece)
        self._hash.update(piece)
        self.written = total

    def commit(self) -> None:
        """Make the object visible, whole and durable, or not at all.

        Raises:
            InputError: the bytes are too few, or do not have the digest.
            ExhaustedError: no space is left.
            UnavailableError: the disk or the machine failed for now.
            CorruptObjectError: the disk gave back other bytes than it was given.
        """
        if self.written != self.digest.size:
            raise InputError(f"object {self.digest}: {self.written} bytes came, {self.digest.size} were announced")
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
        """Keep a piece out of sight."""

    @abstractmethod
    def _publish(self) -> None:
        """Make the checked bytes visible under their digest, in place of whatever is there."""

    @abstractmethod
    def _discard(self) -> None:
        """Forget what was not published; may be called twice."""


class ObjectStore(ABC):
    """Objects by digest."""

    on_damage: Callable[[Digest], None] = staticmethod(lambda digest: None)
    """Called when an object is found damaged."""

    @abstractmethod
    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        """Return those that the store does not hold whole, each once, in the order asked.

        An object of the wrong length (torn by a crash of the machine) counts as missing, so that it is sent again.
        """

    @abstractmethod
    def writer(self, digest: Digest) -> Writer:
        """Begin to store an object.  It may be there already, and several may write it at once: the last one stays."""

    @abstractmethod
    def get(self, digest: Digest) -> memoryview:
        """Return the bytes, checked against the digest; the view stays good when the object is deleted.

        Raises:
            NotFoundError: the store does not hold the object.
            CorruptObjectError: it does, but the bytes are not those of the digest.  The object is then missing, and
                this error stays until it is stored again.
            UnavailableError: the machine is short of descriptors or memory.
        """

    @abstractmethod
    def delete(self, digest: Digest) -> bool:
        """Remove an object and say whether it was there; deleting twice is no error."""

    @abstractmethod
    def digests(self) -> Iterator[Digest]:
        """Yield what is stored, in no order; objects that come or go meanwhile may be seen or not."""

    def check(self, digest: Digest, *, anew: bool = False) -> None:
        """Make sure that the bytes are those of the digest; a file not written since its check is read only ``anew``.

        Read anew, it comes from the disk and not from what the system keeps of it in memory.

        Raises:
            NotFoundError, CorruptObjectError: as :meth:`get` does.
        """
        self.get(digest)

    def epoch(self) -> str:
        """Return the epoch of the store, or nothing where it has none."""
        return ""

    def keeps_all(self) -> bool:
        """Whether objects that no version needs must stay, since the catalog that knew of them was lost."""
        return False

    def path(self, digest: Digest) -> Path | None:
        """Return the file that another process of this machine may map, or None where objects are no files here."""
        return None

    def put(self, digest: Digest, data: Buffer) -> bool:
        """Store an object at once, unless it is there, and say whether it was written.

        Raises:
            InputError: the bytes do not have the digest; nothing is stored.
            ExhaustedError: no space is left; nothing is stored.
        """
        if not self.missing([digest]):
            return False
        with self.writer(digest) as writer:
            writer.write(data)
            writer.commit()
        return True
