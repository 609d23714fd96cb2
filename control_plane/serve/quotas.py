"""Charges deployments, and what they add to the catalog, to identities, which may have limits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from pretzel.control_plane.catalog.quotas import BYTES, MODELS, NO_QUOTA, OBJECTS, VERSIONS, Quota
from pretzel.serving.identity.caller import ACCESS, Caller
from pretzel.serving.identity.limits import exceeded

LIMIT = "deployments_per_minute"
MINUTE = 60.0
MOST_KEPT = 4096
"""Identities whose buckets are kept before the empty ones are dropped; only those of the file have one."""


class Deployed:
    """The deployments of the last minute.  For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with empty buckets; ``clock`` returns seconds."""
        self._clock = clock
        self._until: dict[str, float] = {}
        """By identity, when its bucket is empty again."""
        self.refused = Counter[str]()
        """Refused deployments by limit."""

    def quota_of_present(self) -> Quota:
        """Return what the present caller may hold in the catalog; no limits without identities."""
        access = ACCESS.get()
        if access is None:
            return NO_QUOTA
        caller, most = access.caller, access.caller.limits.numbers
        held = {name: int(most[name]) for name in (MODELS, VERSIONS, OBJECTS, BYTES) if name in most}
        return Quota(caller.name, contact=caller.contact, refused=self.refused, **held)

    def charge_present(self) -> None:
        """Charge a deployment to the present caller, if there is one.

        Raises:
            ExhaustedError: as :meth:`charge`.
        """
        access = ACCESS.get()
        if access is not None:
            self.charge(access.caller)

    def charge(self, caller: Caller) -> None:
        """Charge a deployment to a caller.

        Raises:
            ExhaustedError: the identity has no more deployments now.
        """
        most = caller.limits.numbers.get(LIMIT)
        if most is None:
            return
        now = self._clock()
        self._drop_empty(now)
        took = MINUTE / most if most else float("inf")
        until = max(self._until.get(caller.name, 0.0), now) + took
        excess = until - now - max(MINUTE, took) if most else float("inf")
        if excess > 0:
            self.refused[LIMIT] += 1
            said = f"{most:.15g} deployments per minute are allowed" + (", and are used" if most else "")
            raise exceeded(caller.name, LIMIT, said, caller.contact, excess if most else None)
        self._until[caller.name] = until

    def used(self, identity: str, most: float) -> float:
        """Return the part of the deployments of a minute that an identity with a limit has used."""
        left = max(self._until.get(identity, 0.0) - self._clock(), 0.0)
        return left * most / MINUTE

    def _drop_empty(self, now: float) -> None:
        if len(self._until) > MOST_KEPT:
            self._until = {name: until for name, until in self._until.items() if until > now}
