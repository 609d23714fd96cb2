"""``python -m pretzel.control_plane`` runs a control plane with settings from the environment."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from pretzel.control_plane import serve
from pretzel.control_plane.settings import Settings
from pretzel.errors import PretzelError


def run() -> int:
    """Run until a signal ends it, and return the exit code."""
    try:
        serve.run(Settings())
    except (PretzelError, ValidationError, OSError) as error:
        print(f"pretzel control-plane: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
