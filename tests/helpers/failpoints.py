"""Kills a program at a step of the control plane, as a power failure would: ``failpoints.py STEP PROGRAM``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

STEPS = (
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
    "recompile_before_publish",
    "schedule_before_commit",
)
CONTROL_PLANE = "import sys; from pretzel.control_plane.__main__ import run; sys.exit(run())"


def killed_at(step: str, program: str = CONTROL_PLANE) -> list[str]:
    """Return the command that runs a Python program and kills it at a step."""
    return [sys.executable, "-P", str(Path(__file__)), step, program]


def kill_at(step: str) -> None:
    """Make this process kill itself at a step."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "pretzel.step" and arguments == (step,):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    kill_at(sys.argv[1])
    exec(sys.argv[2], {"__name__": "__main__"})
