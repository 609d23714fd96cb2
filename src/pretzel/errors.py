"""The one tree of errors that Pretzel raises, each with the gRPC status it becomes.

The code is the *name* of a ``grpc.StatusCode`` so that rooms which know nothing of gRPC can raise it; each plane maps
it once, in its interceptor.  A message names the thing, the value, what was expected, and the next step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

MOST_TEXT = 2400
"""Bytes of a message: it travels in a header, where peers take 8 KiB and each byte beyond ASCII becomes three."""


class PretzelError(Exception):
    """Base of all errors raised by Pretzel; by itself, a fault of ours."""

    code: ClassVar[str] = "INTERNAL"


class DefinitionError(PretzelError, ValueError):
    """A definition or a plan is illegal: a wrong type, a bad attribute, a cycle, a dangling reference."""

    code = "INVALID_ARGUMENT"


class UnsupportedError(PretzelError, NotImplementedError):
    """An estimator, an option or a callable cannot be served exactly, so it is refused when it is imported."""

    code = "UNIMPLEMENTED"
    refusal: Any = None
    """The parts of the message, where an importer raised it (:class:`pretzel.importers.findings.Refusal`)."""


class InputError(PretzelError, ValueError):
    """The data of a request is not what the model takes: a missing column, a type, a width, a value."""

    code = "INVALID_ARGUMENT"


class NotFoundError(PretzelError, LookupError):
    """A model, version, alias, output or object of that name does not exist."""

    code = "NOT_FOUND"


class PreconditionError(PretzelError):
    """The request is well formed but the present state forbids it, for instance deleting a version in use."""

    code = "FAILED_PRECONDITION"


class VerificationError(PreconditionError):
    """The compiled plan did not give the library's own answers on the sample, so the version was refused."""


class CorruptObjectError(PretzelError):
    """Bytes do not match the digest that names them, or do not hold what their header says."""

    code = "DATA_LOSS"


class ExhaustedError(PretzelError):
    """A bounded queue, memory budget or message limit is full; retry later or send less."""

    code = "RESOURCE_EXHAUSTED"


class UnavailableError(PretzelError):
    """The server cannot answer now (starting, draining, or cut off); the call is safe to retry."""

    code = "UNAVAILABLE"


class NoCatalogError(UnavailableError):
    """A worker that has no catalog yet cannot know which models exist; another worker may."""


class StaleCatalogError(UnavailableError):
    """A worker does not know a model and cannot ask the control plane whether it is new; another worker may have it."""


class DeadlineError(PretzelError, TimeoutError):
    """The deadline of the call passed before the answer was ready."""

    code = "DEADLINE_EXCEEDED"


class CancelledError(PretzelError):
    """The caller gave up, and the work was stopped."""

    code = "CANCELLED"


class AnswersMayDifferWarning(UserWarning):
    """A model is compiled, or deployed without a sample, of which some answers may differ from the library's."""


def brief(error: Exception) -> str:
    """Return an error's message as a status can carry it; of a long one the beginning."""
    text = str(error).encode(errors="backslashreplace")
    return text.decode() if len(text) <= MOST_TEXT else text[:MOST_TEXT].decode(errors="ignore") + "..."


def renumbered(message: str, rows: Sequence[int]) -> str:
    """Return a message with its first ``row N`` replaced by ``row rows[N]``: its number among the caller's rows."""

    def replace(found: re.Match[str]) -> str:
        row = int(found[1])
        return f"row {rows[row]}" if row < len(rows) else found[0]

    return re.sub(r"\brow (\d{1,9})\b", replace, message, count=1)
