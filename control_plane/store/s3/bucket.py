"""Requests to an S3-compatible store, with its errors as ours.  The library repeats requests that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pretzel.control_plane.store.s3.location import Location
from pretzel.errors import ExhaustedError, PreconditionError, PretzelError, UnavailableError

_PART = 8 << 20
"""Bytes of one request; files of more are sent in parts, of which S3 takes 10,000."""
_PIECE = 1 << 20
_AT_ONCE = 4
_DELETED_AT_ONCE = 500
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,80})</Code>")
_FULL = re.compile(r"QuotaExceeded|StorageFull|InsufficientStorage|EntityTooLarge|TooManyObjects")
_RIGHTS = ("PermissionDeniedError", "UnauthenticatedError")


@dataclass(frozen=True, slots=True)
class Stored:
    """State of a stored object.  Objects that are equal have the same bytes."""

    size: int
    tag: str
    modified: str = ""
    """Time of its storing; empty after an upload, which does not return it."""

    def is_same(self, other: Stored | None) -> bool:
        """Return whether the bytes are the same, as far as the store says."""
        return other is not None and bool(self.tag) and (self.size, self.tag) == (other.size, other.tag)


class Bucket:
    """The names below a prefix of a bucket.  Safe for several threads."""

    def __init__(self, location: Location) -> None:
        self.name = location.name
        self._client = location.client()

    def head(self, key: str) -> Stored | None:
        """Return the state of an object; None if it does not exist."""
        with self._translated("look for", key):
            try:
                return _stored(self._client.head(key))
            except FileNotFoundError as error:
                self._reject_missing_bucket(error)
                return None

    def read(self, key: str) -> tuple[bytes, Stored] | None:
        """Return a small object and its state; None if it does not exist."""
        opened = self.open(key)
        return (b"".join(opened[1]), opened[0]) if opened else None

    def open(self, key: str) -> tuple[Stored, Iterator[bytes]] | None:
        """Return the state of an object and its bytes, piece by piece; None if it does not exist."""
        with self._translated("read", key):
            try:
                got = self._client.get(key)
                return _stored(got.meta), self._pieces(got, key)
            except FileNotFoundError as error:
                self._reject_missing_bucket(error)
                return None

    def _pieces(self, got: Any, key: str) -> Iterator[bytes]:
        with self._translated("read", key):
            yield from map(bytes, got.stream(min_chunk_size=_PIECE))

    def write(self, key: str, data: bytes | bytearray | memoryview) -> Stored:
        """Store bytes under a name, whole or not at all."""
        with self._translated("write", key):
            put = self._client.put(key, bytes(data), use_multipart=False)
        return Stored(len(data), put["e_tag"] or "")

    def write_file(self, key: str, path: Path) -> Stored | None:
        """Store a file in parts, whole or not at all, and return its state as the store reports it afterwards."""
        with self._translated("write", key):
            self._client.put(key, path, use_multipart=True, chunk_size=_PART, max_concurrency=_AT_ONCE)
        return self.head(key)

    def create(self, key: str, data: bytes) -> bool:
        """Store bytes under a new name; return False if it exists, as far as the store supports this condition."""
        return self._write_if(key, data, "create")

    def replace(self, key: str, data: bytes, previous: Stored) -> bool:
        """Store bytes in the place of a known state; return False if it changed, as far as the store supports this."""
        return self._write_if(key, data, {"e_tag": previous.tag})

    def copy(self, key: str, target: str) -> None:
        """Copy an object within the store."""
        with self._translated("copy", key):
            self._client.copy(key, target)

    def sign(self, method: Literal["GET", "PUT"], key: str, seconds: float) -> str:
        """Return a URL that carries out one method on one object, without keys, for some seconds."""
        from obstore import sign

        with self._translated("sign a URL of", key):
            return sign(self._client, method, key, timedelta(seconds=seconds))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; it is not an error if some do not exist."""
        names = list(keys)
        for first in range(0, len(names), _DELETED_AT_ONCE):
            batch = names[first : first + _DELETED_AT_ONCE]
            with self._translated("delete", batch[0]):
                self._client.delete(batch)

    def list(self) -> Iterator[str]:
        """Yield all names, page by page."""
        with self._translated("list", "its objects"):
            pages = iter(self._client.list(chunk_size=1000))
        while True:
            with self._translated("list", "its objects"):
                page = next(pages, None)
            if page is None:
                return
            yield from (entry["path"] for entry in page)

    def _write_if(self, key: str, data: bytes, mode: Any) -> bool:
        from obstore.exceptions import AlreadyExistsError
        from obstore.exceptions import PreconditionError as Changed

        with self._translated("write", key):
            try:
                self._client.put(key, data, mode=mode, use_multipart=False)
            except (AlreadyExistsError, Changed):
                return False
        return True

    def _reject_missing_bucket(self, error: Exception) -> None:
        if "NoSuchBucket" in str(error):
            raise PreconditionError(f"store {self.name}: its bucket does not exist; create it, or name another")

    @contextmanager
    def _translated(self, verb: str, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            raise self._meaning(error, f"store {self.name}: cannot {verb} {key}") from None

    def _meaning(self, error: Exception, what: str) -> PretzelError:
        """Return our error for one of the library; its first line has no headers, and so no keys."""
        text = str(error)
        code = _CODE.search(text)
        reason = code[1] if code else " ".join(text.partition("\n")[0].split())[:300]
        if _FULL.search(text):
            return ExhaustedError(f"{what} ({reason}); free space in the store or raise its quota, and retry")
        if type(error).__name__ in _RIGHTS:
            return UnavailableError(f"{what} ({reason}); check the keys and their rights, and retry")
        return UnavailableError(f"{what} now ({reason}); retry, and check the store if that fails too")


def _stored(meta: Any) -> Stored:
    return Stored(meta["size"], meta["e_tag"] or "", str(meta["last_modified"]))
