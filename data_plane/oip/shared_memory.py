"""Regions of POSIX shared memory that clients on this machine register.

A region is read and written through its descriptor, not through a map: if its owner truncates the file, a read returns
fewer bytes, where a map would end the process with SIGBUS.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.parameters import Placement
from pretzel.errors import ExhaustedError, InputError, NotFoundError, PreconditionError
from pretzel.serving.identity.caller import ACCESS

DIRECTORY = Path("/dev/shm")
MOST_REGIONS = 256
"""Regions registered at once: each holds a descriptor."""
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class RegisteredError(PreconditionError):
    """A region of this name is registered already."""

    code = "ALREADY_EXISTS"


@dataclass(frozen=True, slots=True)
class Region:
    """One registered region, with the descriptor of its file."""

    name: str
    key: str
    offset: int
    size: int
    descriptor: int

    def read(self, place: Placement) -> bytes:
        """Return a copy of a part.

        Raises:
            InputError: the part is outside the region, or the file has become shorter.
        """
        at = self._inside(place, place.size)
        data = os.pread(self.descriptor, place.size, at)
        if len(data) != place.size:
            raise wrong(self.name, f"shared memory region {quoted(self.name)}: the file has become shorter")
        return data

    def write(self, place: Placement, data: bytes | np.ndarray) -> None:
        """Write into a part.

        Raises:
            InputError: the part is outside the region, or the file has become shorter.
        """
        view = memoryview(data.tobytes() if isinstance(data, np.ndarray) else data)
        at = self._inside(place, len(view))
        if os.fstat(self.descriptor).st_size < at + len(view):  # a write would make it longer
            raise wrong(self.name, f"shared memory region {quoted(self.name)}: the file has become shorter")
        while view:
            written = os.pwrite(self.descriptor, view, at)
            view, at = view[written:], at + written

    def _inside(self, place: Placement, size: int) -> int:
        if place.offset + max(size, place.size) > self.size:
            raise _outside(self.name)
        return self.offset + place.offset


class Regions:
    """The regions registered with this process."""

    def __init__(self, *, enabled: bool, directory: Path = DIRECTORY) -> None:
        self._enabled, self._directory = enabled, directory
        self._regions: dict[str, Region] = {}

    def register(self, name: str, key: str, offset: int, size: int) -> None:
        """Open a region.

        Raises:
            PreconditionError: shared memory is turned off.
            RegisteredError: the name is taken.
            ExhaustedError: too many regions are registered.
            InputError: the key does not name shared memory that this process may use, or the file is too short.
        """
        self._require_enabled()
        if name in self._regions:
            raise RegisteredError(f"shared memory region {quoted(name)} already in manager")
        if len(self._regions) >= MOST_REGIONS:
            raise ExhaustedError(f"{MOST_REGIONS} shared memory regions are registered; unregister some")
        descriptor = self._open(name, key)
        try:
            if not size or offset + size > os.fstat(descriptor).st_size:
                raise _outside(name)
        except InputError:
            os.close(descriptor)
            raise
        self._regions[name] = Region(name, key, offset, size, descriptor)

    def unregister(self, name: str) -> None:
        """Close a region, or all of them if the name is empty; an unknown one is ignored, as Triton does."""
        for known in [name] if name else list(self._regions):
            if region := self._regions.pop(known, None):
                os.close(region.descriptor)

    def of(self, name: str) -> Region:
        """Return a region.

        Raises:
            PreconditionError: shared memory is turned off.
            NotFoundError: no region of this name is registered.
            PermissionDeniedError: the caller may not predict with all models, so that regions are not for it.
        """
        self._require_enabled()
        access = ACCESS.get()
        if access is not None:  # a region is of the server: another caller may have registered it
            access.caller.require_prefix(access.role, "")
        if name not in self._regions:
            raise NotFoundError(f"Unable to find shared memory region: {quoted(name)}")
        return self._regions[name]

    def __iter__(self) -> Iterator[Region]:
        """Return the registered regions."""
        return iter(self._regions.values())

    def _require_enabled(self) -> None:
        if not self._enabled:
            raise PreconditionError("shared memory is turned off on this server (setting shared_memory)")

    def _open(self, name: str, key: str) -> int:
        """Open the file of a key, which is a single name: no path leads out of the directory."""
        file = key.removeprefix("/")
        if not file or "/" in file or file in (".", "..") or "\0" in file or file.startswith("sem."):
            raise wrong("key", f"invalid key {quoted(key)} of shared memory region {quoted(name)}")
        try:
            descriptor = os.open(os.fsencode(self._directory / file), _FLAGS)
        except (OSError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or "not a name"
            problem = f"Unable to open shared memory region: {quoted(name)}, key {quoted(key)}: {reason}"
            raise wrong("key", problem) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise wrong("key", f"shared memory region {quoted(name)}: key {quoted(key)} is not shared memory")
        return descriptor


def _outside(name: str) -> InputError:
    return wrong("byte_size", f"Invalid offset + byte size for shared memory region: {quoted(name)}")
