"""Report the failure of a command: a line with the error, a line with help, and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pretzel.errors import PretzelError
from pretzel.plan.controls import visible

EXIT_CODES = {
    "USAGE": 2,
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 4,
    "UNAVAILABLE": 5,
    "DEADLINE_EXCEEDED": 5,
    "FAILED_PRECONDITION": 6,
    "UNIMPLEMENTED": 7,
    "UNAUTHENTICATED": 8,
    "PERMISSION_DENIED": 8,
}
_HELP = {
    "INVALID_ARGUMENT": "correct the value and run it again",
    "NOT_FOUND": "`pretzel models` lists the deployed models",
    "UNAVAILABLE": "`pretzel up` starts servers on this machine; --server and --control set other addresses",
    "DEADLINE_EXCEEDED": "--timeout allows more time",
    "FAILED_PRECONDITION": "`pretzel describe NAME` shows the current state",
    "UNIMPLEMENTED": "replace the step or the option; `pretzel check FILE` lists all that are unsupported",
    "CANCELLED": "run it again",
    "UNAUTHENTICATED": "--token-file or PRETZEL_TOKEN_FILE names the file with your token; `pretzel token` makes one",
    "PERMISSION_DENIED": "ask for the role, or use another token: --token-file",
    "RESOURCE_EXHAUSTED": "try again later, or send less",
}

_TLS_HELP = "addresses may begin with https:// or http://; --tls-ca, --tls-cert and --tls-key name the files of TLS"


def report_error(error: Exception, as_json: bool) -> int:
    """Print an error on standard error, and return the exit code; PRETZEL_DEBUG=1 adds the stack trace."""
    if os.environ.get("PRETZEL_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    if isinstance(error, PretzelError):
        # The module of this class loads gRPC, which takes longer than all the rest of a short command.
        own = _TLS_HELP if type(error).__name__ == "MismatchError" else _HELP.get(error.code, "")
        notes = getattr(error, "__notes__", None) or [own]
        return report(error.code, str(error), notes[0], as_json)
    if isinstance(error, OSError) and error.filename is not None:
        return report("INVALID_ARGUMENT", f"{error.filename}: {error.strerror}", "check the path", as_json)
    text = f"{type(error).__name__}: {error}"
    return report("INTERNAL", text, "PRETZEL_DEBUG=1 shows the stack trace; please report it", as_json)


def summary(error: Exception) -> str:
    """Return an error as one line, with its first note."""
    kind = "" if isinstance(error, PretzelError) else f"{type(error).__name__}: "
    notes = getattr(error, "__notes__", None) or []
    return "; ".join([kind + " ".join(str(error).split()), *notes[:1]])


@contextmanager
def helping(remedy: str, *kinds: type[PretzelError]) -> Iterator[None]:
    """Add a line of help to errors without one, because a status alone does not help."""
    caught = kinds or (PretzelError,)
    try:
        yield
    except caught as error:
        error.add_note(remedy)
        raise


def report_usage(error: Any, as_json: bool) -> int:
    """Print an error in the command line, with a pointer to its help."""
    command = error.ctx.command_path if error.ctx else "pretzel"
    return report("USAGE", error.format_message(), f"{command} --help", as_json)


def report(code: str, message: str, help_line: str, as_json: bool) -> int:
    """Print the lines of one failure, and return its exit code."""
    line = visible(" ".join(message.split()))
    if as_json:
        print(json.dumps({"error": {"code": code, "message": line, "help": help_line}}), file=sys.stderr)
    else:
        print(f"error: {line}" + (f"\nhelp: {help_line}" if help_line else ""), file=sys.stderr)
    return EXIT_CODES.get(code, 1)
