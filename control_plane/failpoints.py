"""Places where a test may kill the control plane, as a power failure would.

``PRETZEL_FAILPOINT=after_compile`` makes the process kill itself with SIGKILL at that place; without the variable a
failpoint does nothing.  The names are those given to :func:`failpoint`, all listed in :data:`FAILPOINTS`.
"""

from __future__ import annotations

import os
import signal

FAILPOINTS = (
    "before_rename",
    "after_rename",
    "after_objects",
    "after_optimize",
    "after_compile",
    "after_first_blob",
    "after_blobs",
    "after_verify",
    "before_commit",
    "after_publish",
    "collect_before_delete",
    "collect_after_delete",
)
_chosen = os.environ.get("PRETZEL_FAILPOINT")


def failpoint(name: str) -> None:
    """Kill the process here if the environment requests it."""
    if _chosen == name:
        os.kill(os.getpid(), signal.SIGKILL)
