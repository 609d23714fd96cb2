"""The command line: `pretzel`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `pretzel` command and return its exit code; failures show no stack trace."""
    # gRPC logs each connection that a server closes; the client raises an error if that matters.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    try:
        from pretzel.cli.app import run
    except ModuleNotFoundError as error:
        print(f"error: the command line needs {error.name}\nhelp: pip install 'pretzel[cli]'", file=sys.stderr)
        return 1
    return run(list(sys.argv[1:] if arguments is None else arguments))
