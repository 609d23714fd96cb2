"""Proof that the mapped bytes from which an answer was computed are those that their digests name.

A map shows what other programs do to its file.  The kernel updates a file's times before the bytes change, so a look at
the file after a computation detects a change during it; the objects are hashed then, before the answer is released.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pretzel.errors import CorruptObjectError
from pretzel.kernels.mapping import Mapping
from pretzel.plan.digest import Digest

SETTLE_SECONDS = 0.25
"""Age of a file's last change below which its bytes may still be changing: a long write sets the times once."""
SMALL_BYTES = 64 << 10
"""Bytes that are hashed on the event loop."""
UNSETTLED = -1
"""The generation of a map in which objects were intact but may still be changing."""


class Check(NamedTuple):
    """One successful check of an object."""

    generation: int
    """Generation of the map at its start."""
    start: float
    """Its start by ``time.monotonic()``; everything read before it was intact."""
    lasting: bool
    """True if it is valid for the whole generation."""


class CheckedMap(Mapping):
    """A map with the last check of each object in it.  Safe to call from many threads."""

    def __init__(self, path: object) -> None:
        self._checks: dict[Digest, Check] = {}
        self._hashing = threading.Lock()  # so that callers that wait for the same large object hash it once

    def check(self, digest: Digest, offset: int, *, since: float, vouched: float) -> int:
        """Check that an object was intact at some time after ``since``, and return the generation this holds for.

        ``vouched`` is the time of the supervisor's last check of all files, which need not be repeated.

        Raises:
            CorruptObjectError: it is damaged.
        """
        with self._hashing:
            generation = self.look()
            known = self._checks.get(digest)
            if known is None or known.generation != generation or not (known.lasting or known.start > since):
                known = self._checks[digest] = self._check(digest, offset, generation, vouched)
        return generation if known.lasting else UNSETTLED

    def _check(self, digest: Digest, offset: int, generation: int, vouched: float) -> Check:
        start, end = time.monotonic(), offset + digest.size
        if end > self.length:
            raise CorruptObjectError(f"object {digest}: its file {self.path!s} ends at {self.length}")
        if not (self.is_named and self.changed + SETTLE_SECONDS < vouched):
            if Digest.of(memoryview(self)[offset:end]) != digest:
                raise CorruptObjectError(f"object {digest}: its bytes in {self.path!s} do not match its digest")
        return Check(generation, start, self._is_settled(start))

    def _is_settled(self, now: float) -> bool:
        """Return whether the last change was long ago: by this process, or by the file's clock."""
        return now - self.seen >= SETTLE_SECONDS or time.time() - self.changed >= SETTLE_SECONDS


class Renewal(NamedTuple):
    """The result of renewing a proof."""

    damaged: list[Digest]
    repeat: bool
    """True if an answer that was computed before must not be released."""


class Proof:
    """The maps that kernels of one plan read, each at the generation at which the plan's objects were intact."""

    __slots__ = ("_growing", "_held", "_objects", "_places", "_vouched")

    def __init__(
        self,
        places: Iterable[tuple[Digest, CheckedMap, int]],
        vouched: Callable[[], float],
        growing: Callable[[CheckedMap], bool],
    ) -> None:
        """Take the places of the objects; none is checked yet.

        ``growing`` returns whether the worker itself adds objects to a file, which changes it but none of its objects.
        """
        self._vouched, self._growing = vouched, growing
        self._objects: dict[CheckedMap, list[tuple[Digest, int]]] = {}
        self._places = {digest: (mapping, offset) for digest, mapping, offset in places}
        for digest, (mapping, offset) in self._places.items():
            self._objects.setdefault(mapping, []).append((digest, offset))
        self._held: tuple[tuple[CheckedMap, int], ...] | None = tuple((mapping, UNSETTLED) for mapping in self._objects)

    def holds(self, since: float) -> bool:
        """Return whether the objects were intact, and no file was changed, during a run that began at ``since``.

        ``since`` is a time of ``time.monotonic()``.  Takes one system call per file.
        """
        if self._held is None:
            return False
        for mapping, generation in self._held:
            if mapping.look() != generation or mapping.seen > since:
                return False
        return True

    @property
    def held(self) -> tuple[tuple[CheckedMap, int], ...] | None:
        """The maps with the generations at which their objects were intact; None if revoked."""
        return self._held

    def fetch(self, digest: Digest) -> memoryview:
        """Return the mapped bytes of an object."""
        mapping, offset = self._places[digest]
        return memoryview(mapping)[offset : offset + digest.size]

    def prefault(self) -> None:
        """Read the objects into memory now, so that no request waits for the disk."""
        for digest, (mapping, offset) in self._places.items():
            mapping.prefault(offset, digest.size)

    def revoke(self) -> None:
        """Let no answer pass that is computed from these maps: an object in them is damaged."""
        self._held = None

    @property
    def is_small(self) -> bool:
        """True if the objects in changed files are hashed in about the time that a thread takes to start."""
        changed = [mapping for mapping, generation in self._held or () if mapping.look() != generation]
        return sum(digest.size for mapping in changed for digest, _ in self._objects[mapping]) <= SMALL_BYTES

    def renew(self, since: float) -> Renewal:
        """Check the objects in files that changed; the run of an answer began at ``since``, and has ended."""
        if self._held is None:
            return Renewal([], repeat=True)
        now, damaged, repeat, held = time.monotonic(), [], False, dict(self._held)
        for mapping in self._objects:
            generation = mapping.look()
            # Own additions change no object.  After other changes the bytes may have been wrong for a moment.
            repeat |= mapping.seen > since and not self._growing(mapping)
            if held[mapping] == generation:
                continue
            lost, lasting = self._check(mapping, now)
            damaged += lost
            held[mapping] = generation if lasting == {generation} else UNSETTLED
        if self._held is not None:
            self._held = tuple(held.items())
        return Renewal(damaged, repeat or bool(damaged))

    def _check(self, mapping: CheckedMap, since: float) -> tuple[list[Digest], set[int]]:
        damaged, lasting = [], set()
        for digest, offset in self._objects[mapping]:
            try:
                lasting.add(mapping.check(digest, offset, since=since, vouched=self._vouched()))
            except CorruptObjectError:
                damaged.append(digest)
        return damaged, lasting


def all_hold(proofs: Iterable[Proof | None], since: float) -> bool:
    """Return whether every proof holds, as :meth:`Proof.holds`; a file that several share is looked at once."""
    generations: dict[CheckedMap, int] = {}
    for proof in proofs:
        held = proof.held if proof is not None else None
        if held is None:
            return False
        for mapping, generation in held:
            if mapping not in generations:
                generations[mapping] = mapping.look()
                if mapping.seen > since:
                    return False
            if generations[mapping] != generation:
                return False
    return True
