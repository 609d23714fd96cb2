"""Leases and holds on objects, and the removal of objects that nothing keeps."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from pretzel.control_plane.catalog import charges, reading, writing
from pretzel.control_plane.catalog.audit import collecting
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.holds import Hold, Holds
from pretzel.control_plane.catalog.leases import UNBOUNDED, Leases
from pretzel.control_plane.catalog.quotas import NO_QUOTA, Quota
from pretzel.control_plane.catalog.work import Task
from pretzel.errors import PreconditionError, UnavailableError
from pretzel.plan.digest import Digest

HOLD_SECONDS = 3600.0
"""Longest deployment whose objects are safe from collections of other control planes."""


class Keeping:
    """The part of a catalog that keeps objects.  Safe to call from any thread."""

    epoch: str

    def __init__(self, database: Database, plane: str, leases: Leases | None) -> None:
        self.database = database
        self._plane = plane
        self._holds = Holds()
        self._own_holds = f"hold of {plane}:"
        self._holders: set[str] = set()
        """Holders of the leases of running deployments."""
        self._lock = threading.Lock()
        self._leases = Leases(UNBOUNDED, UNBOUNDED) if leases is None else leases
        with database.read() as connection:
            for holder, digest, until in reading.leases_after(connection, database.now()):
                self._leases.add(holder, [digest], until)

    @contextmanager
    def holding(self) -> Iterator[Hold]:
        """Hold objects while the block runs.

        Holds end with this process; where other control planes may collect, they are leases of an hour as well.
        """
        if not self.database.dialect.shares:
            with self._holds.holding() as hold:
                yield hold
            return
        hold = Hold(lambda digests: self._hold(digests, holder))
        holder = f"{self._own_holds}{uuid.uuid4().hex[:12]}"
        self._holders.add(holder)  # before its first lease, so that no lease seems to be left over
        try:
            yield hold
        finally:
            self._holders.discard(holder)
            with suppress(UnavailableError):  # they expire
                self._let_go(hold, holder)

    def lease(self, digests: Iterable[Digest], seconds: float, holder: str = "") -> None:
        """Keep objects, stored or not, for at least ``seconds`` (half of that if a lease still lasts).

        Args:
            digests: the objects.
            seconds: duration of the lease.
            holder: owner of the lease; :meth:`release` ends only leases of this owner.

        Raises:
            ExhaustedError: too many objects are leased.
        """
        now, holder = self.database.now(), self._here(holder)
        with self._lock:
            short = self._leases.short(holder, digests, now + seconds / 2)
            expired = self._leases.check(holder, short, now)
        if short:
            # A lease lost in a power failure costs a repeated upload, which is not worth a flush of the disk.
            with self.database.write(durable=False) as connection:
                if expired:
                    writing.drop_expired_leases(connection, now)
                writing.lease(connection, short, now + seconds, holder)
            with self._lock:
                self._leases.add(holder, short, now + seconds)

    def check_space(self, digests: Iterable[Digest], quota: Quota) -> None:
        """Check before an upload that an identity may hold the objects of a deployment.

        Raises:
            ExhaustedError: it would hold more than it may.
        """
        if quota.of_space:
            with self.database.read() as connection:
                quota.admit(connection, digests, self.database.now())

    def reserve(self, digest: Digest, holder: str, seconds: float = 0.0, quota: Quota = NO_QUOTA) -> None:
        """Count a leased object that its holder uploads, until the lease ends.

        Its identity is charged in the catalog, if it has a limit: ``seconds`` is the least time until the lease ends.

        Raises:
            ExhaustedError: too many bytes wait for a deployment, or the identity would hold more than it may.
        """
        here = self._here(holder)
        with self._lock:
            self._leases.reserve(here, digest)
        if not quota.of_space:
            return
        try:
            self._charge(digest, here, seconds, quota)
        except BaseException:
            with self._lock:
                self._leases.give_back(here, digest)
            raise

    def _charge(self, digest: Digest, here: str, seconds: float, quota: Quota) -> None:
        now = self.database.now()
        with self.database.write(durable=False) as connection:
            quota.admit(connection, [digest], now)
            writing.lease(connection, [digest], now + seconds, here)  # a deployment may have ended it meanwhile
            charges.begin(connection, quota.identity, digest, here)

    def give_back(self, digest: Digest, holder: str, quota: Quota = NO_QUOTA) -> None:
        """Do not count an object whose upload failed."""
        here = self._here(holder)
        with self._lock:
            self._leases.give_back(here, digest)
        if quota.of_space:
            with suppress(UnavailableError), self.database.write(durable=False) as connection:  # its lease expires
                charges.end(connection, quota.identity, digest, here)

    def release(self, digests: Iterable[Digest], holder: str) -> None:
        """End the leases of a holder on objects; leases without a holder only expire."""
        if not holder:
            return
        holder = self._here(holder)
        with self._lock:
            mine = self._leases.end(holder, digests)
        if mine:
            with self.database.write(durable=False) as connection:
                writing.release(connection, mine, holder)

    def unneeded(self, candidates: Iterable[Digest]) -> list[Digest]:
        """Return the objects that no version needs and no lease keeps now."""
        with self.database.read() as connection, self._holds.excluded(candidates) as free:
            return reading.unneeded(connection, free, self.database.now())

    def remove_unneeded(
        self, candidates: list[Digest], remove: Callable[[list[Digest]], object], task: Task | None = None
    ) -> list[Digest]:
        """Call ``remove`` with the objects that no version needs and no lease or hold keeps, and return them.

        This is one write transaction, so that no lease or version can appear between the check and the removal.

        Raises:
            PreconditionError: the database holds another catalog than the one that was opened.
            UnavailableError: another control plane has taken over ``task``.
        """
        now = self.database.now()
        with self.database.write() as connection, self._holds.excluded(candidates) as free:
            if task is not None:
                task.check(connection)
            epoch, _ = reading.current(connection)
            if epoch != self.epoch:
                raise PreconditionError(
                    f"catalog: its epoch was {self.epoch} and is {epoch}; restart the control plane to collect"
                )
            free = reading.unneeded(connection, free, now)
            if free:
                collecting(connection, free)
                remove(free)
        return free

    def forget(self) -> None:
        """Drop leases that expired or whose end was lost with the database, and holdings of plans without a version."""
        now = self.database.now()
        with self.database.write() as connection:
            writing.forget(connection, now)
            if self.database.dialect.shares:
                writing.drop_leases(connection, self._own_holds, list(self._holders))
        with self._lock:
            self._leases.drop_expired(now)

    def _here(self, holder: str) -> str:
        """Return the holder of a lease that this control plane alone may end; its host stays the part before a colon.

        Two control planes may have clients with equal addresses: one may have the port of another's former connection.
        """
        return f"{holder}@{self._plane}" if holder and self.database.dialect.shares else holder

    def _hold(self, digests: list[Digest], holder: str) -> None:
        if digests:
            with self.database.write(durable=False) as connection:
                writing.lease(connection, digests, self.database.now() + HOLD_SECONDS, holder)

    def _let_go(self, hold: Hold, holder: str) -> None:
        if hold.held:
            with self.database.write(durable=False) as connection:
                writing.release(connection, hold.held, holder)
