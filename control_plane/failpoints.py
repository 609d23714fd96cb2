"""Places where a test may have the control plane killed, as a power cut would.

``PRETZEL_FAILPOINT=after_compile`` makes the process end itself with SIGKILL when it comes to that place; without the
variable a failpoint does nothing.  The names are those given to :func:`failpoint`, all listed in :data:`FAILPOINTS`.
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
    """End the process here if the environment asks for it."""
    if _chosen == name:
        os.kill(os.getpid(), signal.SIGKILL)
