"""Objects in an S3-compatible store, under the names that a directory gives them.

    3f/3f9c...-1048640   an object, named by its hash and its size
    epoch                the identity of the store (see `identity.py`)
    damaged/             copies of objects that did not match their name, for their owner to look at

An upload appears whole when it is complete, and never before: its bytes are checked before the last request.  A damaged
object stays in its place, since nothing could move it without the risk to move one that was stored again meanwhile; it
counts as missing while the store reports the state that was found damaged.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pretzel.control_plane.store import identity
from pretzel.control_plane.store.files import name_of, parse_name
from pretzel.control_plane.store.identity import Identity
from pretzel.control_plane.store.interface import ObjectStore, Room, Writer
from pretzel.control_plane.store.s3.bucket import Bucket, Stored
from pretzel.control_plane.store.s3.copies import Copies
from pretzel.control_plane.store.s3.fetching import fetch, is_intact
from pretzel.control_plane.store.s3.location import SCHEME, Location
from pretzel.control_plane.store.s3.writing import S3Writer
from pretzel.errors import CorruptObjectError, NotFoundError, PreconditionError
from pretzel.plan.digest import Digest

_REQUESTS = 32
_LOCKS = 64
_MOST_CHECKED = 10_000
_SHARD = re.compile(r"[0-9a-f]{2}")
_DAMAGED = "damaged"


class S3Store(ObjectStore):
    """Objects below a prefix of a bucket.  Several processes of one epoch may use it at once."""

    scheme = SCHEME

    @classmethod
    def open(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        location = Location.parse(url)
        temporary = None if room else tempfile.TemporaryDirectory(prefix="pretzel-copies-")
        room = room or Room(Path(temporary.name if temporary else ""))
        store = cls(Bucket(location), Copies(room.directory, room.most_bytes))
        store._temporary = temporary
        store.identity()  # so that wrong keys, buckets and addresses are reported now
        return store

    def __init__(self, bucket: Bucket, copies: Copies) -> None:
        self.name = bucket.name
        self.bucket, self.copies = bucket, copies
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._requests = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="s3")
        self._checked: dict[Digest, Stored] = {}
        self._damaged: dict[Digest, Stored] = {}
        self._lock = threading.Lock()
        self._fetching = [threading.Lock() for _ in range(_LOCKS)]

    def close(self) -> None:
        self._requests.shutdown()
        if self._temporary is not None:
            self._temporary.cleanup()

    def identity(self) -> Identity | None:
        found = self.bucket.read(identity.FILE)
        return identity.parse(found[0], f"{self.name}/{identity.FILE}") if found else None

    def identify(self, identity: Identity, previous: Identity | None) -> None:
        if self._write_identity(identity, previous):
            return
        stored = self.identity()
        if stored != identity:  # an answer that was lost may have been that of our own request
            whose = f"of epoch {stored.epoch}" if stored else "removed"
            raise PreconditionError(
                f"store {self.name}: its identity is {whose} since a moment ago; start again, or name another store"
            )

    def _write_identity(self, new: Identity, previous: Identity | None) -> bool:
        data = identity.encoded(new)
        if previous is None:
            return self.bucket.create(identity.FILE, data)
        found = self.bucket.read(identity.FILE)
        if found is None or identity.parse(found[0], self.name) != previous:
            return False
        return self.bucket.replace(identity.FILE, data, found[1])

    def key(self, digest: Digest) -> str:
        return f"{digest.hex[:2]}/{name_of(digest)}"

    def place(self, digest: Digest) -> str:
        return f"{self.name}/{self.key(digest)}"

    def locate(self, digest: Digest, seconds: float) -> str:
        return self.bucket.sign("GET", self.key(digest), seconds)

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        asked = list(dict.fromkeys(digests))
        states = self._requests.map(self._state, asked) if len(asked) > 1 else map(self._state, asked)
        return [digest for digest, state in zip(asked, states, strict=True) if not self._counts(digest, state)]

    def writer(self, digest: Digest) -> Writer:
        return S3Writer(digest, self.bucket, self.copies, self.key(digest), self._wrote)

    def get(self, digest: Digest) -> memoryview:
        with self._fetching[hash(digest) % _LOCKS]:  # concurrent readers of one object share its transfer
            data = self.copies.read(digest)
            return data if data is not None else self._fetch(digest)

    def _fetch(self, digest: Digest) -> memoryview:
        self._reject_damaged(digest)
        fetched = fetch(self.bucket, self.copies, self.key(digest), digest)
        if fetched is None:
            raise self._absent(digest)
        if fetched.data is None:
            raise self._found_damaged(digest, fetched.state)
        self._note_checked(digest, fetched.state)
        self.copies.trim()
        return fetched.data

    def check(self, digest: Digest, *, rehash: bool = False) -> None:
        state = self._state(digest)
        if state is None:
            raise self._absent(digest)
        if state == self._damaged.get(digest):
            raise self._is_damaged(digest)
        if not rehash and state.is_same(self._checked.get(digest)):
            return
        intact = is_intact(self.bucket, self.key(digest), digest)
        if intact is None:
            raise self._absent(digest)
        if not intact.whole:
            raise self._found_damaged(digest, intact.state)
        self._note_checked(digest, intact.state)

    def is_whole(self, digest: Digest) -> bool:
        intact = is_intact(self.bucket, self.key(digest), digest)
        return intact is None or intact.whole

    def delete(self, digest: Digest) -> bool:
        existed = self._state(digest) is not None
        self.delete_all([digest])
        return existed

    def delete_all(self, digests: Iterable[Digest]) -> None:
        removed = list(digests)
        self.copies.drop(removed)
        with self._lock:
            for digest in removed:
                self._checked.pop(digest, None)
                self._damaged.pop(digest, None)
        self.bucket.delete(name for digest in removed for name in (self.key(digest), self._aside(digest)))

    def digests(self) -> Iterator[Digest]:
        for name in self.bucket.list():
            shard, _, rest = name.partition("/")
            if _SHARD.fullmatch(shard) and (digest := parse_name(rest)) is not None:
                yield digest

    def foreign(self) -> Iterator[str]:
        for name in self.bucket.list():
            shard, _, rest = name.partition("/")
            known = name == identity.FILE or shard == _DAMAGED
            if not known and not (_SHARD.fullmatch(shard) and parse_name(rest)):
                yield f"{self.name}/{name}"

    def remove_foreign(self, name: str) -> None:
        self.bucket.delete([name.removeprefix(f"{self.name}/")])

    @contextmanager
    def files(self, digests: Iterable[Digest]) -> Iterator[Mapping[Digest, Path | bytes]]:
        named = list(digests)
        with self.copies.pinned(named):
            read = {digest: self.get(digest) for digest in named}
            paths = {digest: self.copies.path(digest) for digest in named}
            # A disk that takes no copy leaves the bytes in memory.
            yield {digest: path if path.exists() else bytes(read[digest]) for digest, path in paths.items()}

    def _state(self, digest: Digest) -> Stored | None:
        return self.bucket.head(self.key(digest))

    def _counts(self, digest: Digest, state: Stored | None) -> bool:
        """Return whether an object in a state counts as stored."""
        return state is not None and state.size == digest.size and state != self._damaged.get(digest)

    def _wrote(self, digest: Digest, state: Stored) -> None:
        with self._lock:
            known = self._damaged.pop(digest, None)
        self._note_checked(digest, state)
        if known is not None:
            self.bucket.delete([self._aside(digest)])

    def _note_checked(self, digest: Digest, state: Stored) -> None:
        with self._lock:
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            self._checked[digest] = state

    def _reject_damaged(self, digest: Digest) -> None:
        known = self._damaged.get(digest)
        if known is not None and self._state(digest) == known:
            raise self._is_damaged(digest)

    def _found_damaged(self, digest: Digest, state: Stored) -> CorruptObjectError:
        with self._lock:
            self._checked.pop(digest, None)
            self._damaged[digest] = state
        self.copies.drop([digest])
        self.bucket.copy(self.key(digest), self._aside(digest))
        self.on_damage(digest)
        return self._is_damaged(digest)

    def _aside(self, digest: Digest) -> str:
        return f"{_DAMAGED}/{name_of(digest)}"

    def _is_damaged(self, digest: Digest) -> CorruptObjectError:
        return CorruptObjectError(f"object {digest} is damaged in the store; upload it again")

    def _absent(self, digest: Digest) -> NotFoundError:
        return NotFoundError(f"object {digest} is not in the store; upload it")
