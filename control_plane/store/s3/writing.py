"""Writers of objects: checked on this machine first, then sent whole, so that a request can be repeated."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import files
from pretzel.control_plane.store.files import writing
from pretzel.control_plane.store.interface import Buffer, Writer
from pretzel.control_plane.store.s3.bucket import Bucket, Stored
from pretzel.control_plane.store.s3.copies import Copies
from pretzel.errors import CorruptObjectError, PretzelError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import write_all

Wrote = Callable[[Digest, Stored], object]


class S3Writer(Writer):
    """Gathers one object: a small one in memory, a large one in a file that becomes the copy of it."""

    def __init__(self, digest: Digest, bucket: Bucket, copies: Copies, key: str, wrote: Wrote) -> None:
        super().__init__(digest)
        self._bucket, self._copies, self._key, self._wrote = bucket, copies, key, wrote
        self._small = bytearray()
        self._descriptor = -1
        self._filling: Path | None = None
        if digest.size >= files.MAP_FROM:
            self._begin()

    def _begin(self) -> None:
        with writing(self.digest):
            self._descriptor, self._filling = self._copies.begin(self.digest)

    def _append(self, piece: Buffer) -> None:
        if self._filling is None:
            self._small += piece
            return
        with writing(self.digest):
            write_all(self._descriptor, piece)

    def _publish(self) -> None:
        if self.digest.size >= files.MAP_FROM and self._filling is None:
            raise RuntimeError(f"object {self.digest} was committed or discarded before")
        reached("before_rename")
        try:
            state = self._send_file(self._filling) if self._filling else self._bucket.write(self._key, self._small)
        except PretzelError as error:
            raise type(error)(f"object {self.digest}: {error}") from None
        reached("after_rename")
        self._keep()
        self._wrote(self.digest, state)

    def _send_file(self, path: Path) -> Stored:
        """Send the file, and check that the store has all of it."""
        state = self._bucket.write_file(self._key, path)
        if state is None or state.size != self.digest.size:
            found = state.size if state else 0
            raise CorruptObjectError(
                f"the store reports {found} bytes after {self.digest.size} were sent; upload it again"
            )
        return state

    def _keep(self) -> None:
        if self._filling is None:
            self._copies.add(self.digest, self._small)
        else:
            with writing(self.digest):
                self._copies.adopt(self.digest, self._filling)
            self._filling = None
        self._copies.trim()

    def _discard(self) -> None:
        self._small.clear()
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
        if self._filling is not None:
            self._filling.unlink(missing_ok=True)
            self._filling = None
