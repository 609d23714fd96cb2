"""How a command fails: one line that says what is wrong, one that helps, and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pretzel.errors import PretzelError

EXIT_CODES = {
    "USAGE": 2,
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 4,
    "UNAVAILABLE": 5,
    "DEADLINE_EXCEEDED": 5,
    "FAILED_PRECONDITION": 6,
    "UNIMPLEMENTED": 7,
}
_HELP = {
    "INVALID_ARGUMENT": "correct what is named, and run it again",
    "NOT_FOUND": "`pretzel models` lists what is deployed",
    "UNAVAILABLE": "`pretzel up` starts servers on this machine; --server and --control name others",
    "DEADLINE_EXCEEDED": "--timeout allows more",
    "FAILED_PRECONDITION": "`pretzel describe NAME` tells the present state",
    "UNIMPLEMENTED": "replace the step or the option that is named; `pretzel check FILE` names all of them",
    "CANCELLED": "run it again",
    "RESOURCE_EXHAUSTED": "try again later, or send less",
}


def tell_of(error: Exception, as_json: bool) -> int:
    """Say what failed on standard error, and return the exit code; PRETZEL_DEBUG=1 adds the stack trace."""
    if os.environ.get("PRETZEL_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    if isinstance(error, PretzelError):
        known = getattr(error, "__notes__", None) or [_HELP.get(error.code, "")]
        return tell(error.code, str(error), known[0], as_json)
    if isinstance(error, OSError) and error.filename is not None:
        return tell("INVALID_ARGUMENT", f"{error.filename}: {error.strerror}", "check the path", as_json)
    text = f"{type(error).__name__}: {error}"
    return tell("INTERNAL", text, "PRETZEL_DEBUG=1 shows where; please report it", as_json)


@contextmanager
def helping(remedy: str, *kinds: type[PretzelError]) -> Iterator[None]:
    """Give errors that pass this line of help, unless they have their own; the status alone says little."""
    caught = kinds or (PretzelError,)
    try:
        yield
    except caught as error:
        error.add_note(remedy)
        raise


def tell_usage(error: Any, as_json: bool) -> int:
    """Say what is wrong with a command line, and how to learn more."""
    command = error.ctx.command_path if error.ctx else "pretzel"
    return tell("USAGE", error.format_message(), f"{command} --help", as_json)


def tell(code: str, message: str, help_line: str, as_json: bool) -> int:
    """Write the lines of one failure, and return the exit code of its kind."""
    line = " ".join(message.split())
    if as_json:
        print(json.dumps({"error": {"code": code, "message": line, "help": help_line}}), file=sys.stderr)
    else:
        print(f"error: {line}" + (f"\nhelp: {help_line}" if help_line else ""), file=sys.stderr)
    return EXIT_CODES.get(code, 1)
