"""Plans that crash the process that runs them, barred until a time."""

from __future__ import annotations

import time
from collections.abc import Mapping

from pretzel.data_plane.cache.layout import key_of
from pretzel.errors import UnavailableError
from pretzel.plan.digest import Digest

Key = bytes
"""A digest as in an index of the cache."""


class Bars:
    """The barred plans of one process."""

    def __init__(self) -> None:
        self.until: Mapping[Key, float] = {}
        """By key, the time of ``time.monotonic()`` until which each plan is barred."""

    def reject(self, plan: Digest) -> None:
        """Raise UnavailableError if a plan is barred."""
        if self.until and self.until.get(key_of(plan), 0) > time.monotonic():
            raise UnavailableError(
                f"plan {plan.short}: it crashed several processes of this worker and is barred for a while; "
                "retry later, or deploy another version"
            )
