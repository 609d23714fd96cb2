"""Release of answers: only if the mapped bytes they were computed from were intact."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.engine import Executable
from pretzel.errors import UnavailableError

T = TypeVar("T")

Loaded = tuple[Executable, Proof | None]
"""An executable, and the proof for what it reads; None if it was evicted in the moment it was loaded."""
TRIES = 5
"""Runs of one request while other programs change the files of its plan."""


async def sound(
    plans: PlanCatalog, entry: Entry, run: Callable[[Executable], Awaitable[T]], loaded: Loaded | None = None
) -> T:
    """Return the answer of a run of a plan; run it again if its files were changed by another program meanwhile.

    The first run takes the plan as ``loaded`` earlier, even if it was evicted since.

    Raises:
        UnavailableError: as :meth:`PlanCatalog.load` does, or the files change during each run.
    """
    for _ in range(TRIES):
        executable, proof = loaded or (entry.executable or await plans.load(entry), entry.proof)
        since = time.monotonic()
        answer = await run(executable)
        if await is_sound(plans, entry, proof, since):
            return answer
        loaded = None
    raise UnavailableError(
        f"plan {entry.digest.short}: another program keeps changing its files in the cache of this worker; retry"
    )


async def is_sound(plans: PlanCatalog, entry: Entry, proof: Proof | None, since: float) -> bool:
    """Return whether the answer of a run that began at ``since``, by ``time.monotonic()``, may be released."""
    return proof is not None and (proof.holds(since) or await plans.renewed(entry, proof, since))
