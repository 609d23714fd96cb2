"""The leases of clients in memory: which last, and how many one host and all together may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pretzel.errors import ExhaustedError
from pretzel.plan.digest import Digest

UNBOUNDED = 1 << 62
"""A bound that is not reached."""

_BETWEEN = " "


def host_of(holder: str) -> str:
    """Return the host of a peer, as `ipv4:10.0.0.1:5000`, without its port; bounds are those of a host."""
    return holder.rpartition(":")[0]


class Leases:
    """Leases by holder and object, bounded in number and in uploaded bytes.  Its user locks it."""

    def __init__(self, most: int, most_bytes: int) -> None:
        """Allow ``most`` leases and ``most_bytes`` of uploads under lease, and half of each to one host."""
        self._most, self._most_bytes = most, most_bytes
        # Keys are texts, which the garbage collector does not walk: with tuples it stops everything for a second.
        self._until: dict[str, float] = {}  # oldest first
        self._uploaded: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._until)

    def short(self, holder: str, digests: Iterable[Digest], before: float) -> list[Digest]:
        """Return the objects whose lease is missing or ends before a time."""
        return [digest for digest in dict.fromkeys(digests) if self._until.get(_key(holder, digest), 0.0) < before]

    def check(self, holder: str, digests: Iterable[Digest], now: float) -> bool:
        """Check that a holder may lease objects; return whether expired leases were dropped.

        Raises:
            ExhaustedError: too many objects are leased.
        """
        dropped = self.drop_expired(now)
        new = sum(1 for digest in digests if _key(holder, digest) not in self._until)
        host = host_of(holder)
        for most, whose, count in ((self._most, "all clients", len(self)), (self._most // 2, host, self._counts[host])):
            if new and count + new > most:
                raise ExhaustedError(
                    f"{new} objects: {whose or 'this socket'} would have {count + new} objects without a deployment, "
                    f"at most {most} are kept (most_leases); deploy what was uploaded, or wait until leases expire"
                )
        return dropped

    def add(self, holder: str, digests: Iterable[Digest], until: float) -> None:
        """Record leases; a renewed one keeps its uploaded bytes."""
        for digest in digests:
            key = _key(holder, digest)
            self._counts[host_of(holder)] += self._until.pop(key, None) is None
            self._until[key] = until

    def reserve(self, holder: str, digest: Digest) -> None:
        """Count the bytes of a leased object that its holder uploads.

        Raises:
            ExhaustedError: too many bytes wait for a deployment.
        """
        key, size, host, half = _key(holder, digest), digest.size, host_of(holder), self._most_bytes // 2
        if key in self._uploaded or key not in self._until:
            return
        waits = ((self._most_bytes, "all clients", self._bytes.total()), (half, host, self._bytes[host]))
        for most, whose, held in waits:
            if held + size > most:
                raise ExhaustedError(
                    f"an object of {size} bytes: {whose or 'this socket'} would have uploaded {held + size} bytes "
                    f"without a deployment, at most {most} are kept (most_leased_bytes); deploy what was uploaded, or "
                    "wait until leases expire"
                )
        self._uploaded[key] = size
        self._bytes[host] += size

    def give_back(self, holder: str, digest: Digest) -> None:
        """Do not count the bytes of an object whose upload failed."""
        _lower(self._bytes, host_of(holder), self._uploaded.pop(_key(holder, digest), 0))

    def end(self, holder: str, digests: Iterable[Digest]) -> list[Digest]:
        """End leases, and return the objects that had one."""
        return [digest for digest in dict.fromkeys(digests) if self._end(_key(holder, digest))]

    def drop_expired(self, now: float) -> bool:
        """Forget the leases that have ended, and return whether there were any."""
        expired = list(self._expired(now))
        for key in expired:
            self._end(key)
        return bool(expired)

    def _expired(self, now: float) -> Iterator[str]:
        for key, until in self._until.items():  # all last equally long, so they end in the order of their start
            if until > now:
                return
            yield key

    def _end(self, key: str) -> bool:
        if self._until.pop(key, None) is None:
            return False
        host = host_of(key.partition(_BETWEEN)[0])
        _lower(self._counts, host, 1)
        _lower(self._bytes, host, self._uploaded.pop(key, 0))
        return True


def _key(holder: str, digest: Digest) -> str:
    return f"{holder}{_BETWEEN}{digest}"


def _lower(counts: Counter[str], key: str, by: int) -> None:
    counts[key] -= by
    if counts[key] <= 0:
        del counts[key]
