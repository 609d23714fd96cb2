"""Assembles the pieces of an upload; independent of messages, so that its checks can be tested alone."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Executor, Future, wait
from typing import Protocol

from pretzel.control_plane.store import ObjectStore, Writer
from pretzel.errors import CancelledError, ExhaustedError, InputError
from pretzel.plan.digest import Digest

PIECE = 1 << 20
"""Largest piece of an object in one message."""

_MOST_PENDING = 16


class Keeping(Protocol):
    """Keeps the objects of one client until they are deployed."""

    def lease(self, digest: Digest) -> None:
        """Keep an object from collection."""

    def reserve(self, digest: Digest) -> None:
        """Count the bytes of an object that arrives."""

    def give_back(self, digest: Digest) -> None:
        """Do not count an object that did not arrive."""


class Upload:
    """The objects of one stream, in sequence.  Closing it drops an incomplete object.

    ``executor`` commits complete objects while the next arrives: flushed together, they share a flush of the disk.
    """

    def __init__(self, store: ObjectStore, keeping: Keeping, most: int, executor: Executor) -> None:
        self.objects = self.bytes = 0
        self._executor = executor
        self._commits: deque[Future[int]] = deque()
        self._store, self._keeping, self._most = store, keeping, most
        self._digest: Digest | None = None
        self._writer: Writer | None = None  # None also for an object that is stored already
        self._seen = 0
        self._closed = False
        # A cancelled call leaves a thread running here, and closes meanwhile.
        self._lock = threading.Lock()

    def take(self, digest: Digest, offset: int, data: bytes) -> None:
        """Write the next piece.

        Raises:
            InputError: it is too long, out of order, of another object, or the digest of the object disagrees.
            ExhaustedError: the object exceeds the limit, too many bytes wait for a deployment, the identity would hold
                more than it may, or the disk is full.
        """
        with self._lock:
            if self._closed:
                raise CancelledError("upload: closed")
            if len(data) > PIECE:
                raise InputError(f"object {digest}: a piece of {len(data)} bytes; send at most {PIECE}")
            if self._digest is None:
                self._begin(digest)
            self._check_order(digest, offset, len(data))
            if self._writer is not None:
                self._writer.write(data)
            self._seen += len(data)
            if self._seen == digest.size:
                self._end()

    def finish(self) -> None:
        """End the stream, and return when all objects are stored.

        Raises:
            InputError: the last object is incomplete, or a digest disagrees.
            ExhaustedError: the disk is full.
        """
        with self._lock:
            self._settle(0)
        if self._digest is not None:
            raise InputError(f"object {self._digest}: the stream ended after {self._seen} bytes of it; send it again")

    def close(self) -> None:
        """Drop an incomplete object; may be called twice."""
        with self._lock:
            self._closed = True
            wait(self._commits)
            self._drop()

    def _begin(self, digest: Digest) -> None:
        if digest.size > self._most:
            raise ExhaustedError(f"object {digest}: at most {self._most} bytes are accepted (max_object_bytes)")
        self._keeping.lease(digest)
        self._digest, self._seen = digest, 0
        if self._store.missing([digest]):
            self._keeping.reserve(digest)
            try:
                self._writer = self._store.writer(digest)
            except BaseException:
                self._keeping.give_back(digest)
                raise

    def _check_order(self, digest: Digest, offset: int, length: int) -> None:
        assert self._digest is not None
        if digest != self._digest:
            raise InputError(f"object {self._digest}: {self._seen} bytes arrived, then a piece of {digest}")
        if offset != self._seen:
            raise InputError(f"object {digest}: expected the piece at {self._seen}, got the one at {offset}")
        if offset + length > digest.size:
            raise InputError(f"object {digest}: {offset + length} bytes arrived, {digest.size} expected")
        if not length and digest.size:
            raise InputError(f"object {digest}: an empty piece at {offset}")

    def _end(self) -> None:
        if self._writer is not None:
            self._commits.append(self._executor.submit(self._commit, self._writer))
            self._settle(_MOST_PENDING)
        self._writer = self._digest = None

    def _commit(self, writer: Writer) -> int:
        try:
            with writer:
                writer.commit()
        except BaseException:
            self._keeping.give_back(writer.digest)
            raise
        return writer.written

    def _settle(self, pending: int) -> None:
        """Wait until at most ``pending`` commits run; raise the error of a failed one after those before it."""
        while len(self._commits) > pending:
            self.bytes += self._commits[0].result()
            self.objects += 1
            self._commits.popleft()

    def _drop(self) -> None:
        if self._writer is not None:
            with self._writer:
                pass
            self._keeping.give_back(self._writer.digest)
        self._writer = self._digest = None
