"""The errors that Pretzel raises, each with its gRPC status.

The code is the *name* of a ``grpc.StatusCode``, so that packages without gRPC can raise these errors; each plane maps
it once, in its interceptor.  A message names the thing, the value, what was expected, and the next step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

MOST_TEXT = 2400
"""Largest size of a message in bytes: peers limit headers to 8 KiB, and each non-ASCII byte is sent as three."""


class PretzelError(Exception):
    """Base of all errors raised by Pretzel; if raised directly, a bug in Pretzel."""

    code: ClassVar[str] = "INTERNAL"
    request_id: str = ""
    """Identifier of the call that failed, under which the server's logs and traces have it."""


class DefinitionError(PretzelError, ValueError):
    """A definition or a plan is illegal: a wrong type, a bad attribute, a cycle, a dangling reference."""

    code = "INVALID_ARGUMENT"


class UnsupportedError(PretzelError, NotImplementedError):
    """An estimator, an option or a callable cannot be served exactly, so the import fails."""

    code = "UNIMPLEMENTED"
    refusal: Any = None
    """The parts of the message, where an importer raised it (:class:`pretzel.importers.findings.Refusal`)."""


class InputError(PretzelError, ValueError):
    """The data of a request does not match the model's inputs: a missing column, a type, a width, a value."""

    code = "INVALID_ARGUMENT"
    field: str = ""
    """The field of the request that is wrong, where it is known."""


class UnauthenticatedError(PretzelError):
    """The caller gave no credential, or one that the server does not accept: an unknown or an expired token."""

    code = "UNAUTHENTICATED"
    reason: str = "unknown_credential"
    """The reason in metrics: a word of a small set."""


class PermissionDeniedError(PretzelError):
    """The caller is known, and lacks the role that the call needs."""

    code = "PERMISSION_DENIED"


class NotFoundError(PretzelError, LookupError):
    """A model, version, alias, output or object does not exist."""

    code = "NOT_FOUND"


class PreconditionError(PretzelError):
    """The request is valid, but the current state forbids it, for instance the deletion of a version in use."""

    code = "FAILED_PRECONDITION"


class VerificationError(PreconditionError):
    """The compiled plan did not return the library's answers to the sample, so the version was rejected."""


class StageError(PretzelError):
    """The Python of a stage failed in its side process: it crashed, ran too long, or returned something else."""

    code = "UNKNOWN"


class CorruptObjectError(PretzelError):
    """Bytes do not match their digest, or do not match their header."""

    code = "DATA_LOSS"


class ExhaustedError(PretzelError):
    """A bounded queue, memory budget or message limit is full; retry later or send less."""

    code = "RESOURCE_EXHAUSTED"
    retry_after: float | None = None
    """Seconds after which the same request may succeed, here or on another worker; None if only a change helps."""


class UnavailableError(PretzelError):
    """The server cannot answer now (starting, draining, or cut off); the call is safe to retry."""

    code = "UNAVAILABLE"


class NoCatalogError(UnavailableError):
    """A worker has no catalog yet, so it does not know the models; another worker may."""


class StaleCatalogError(UnavailableError):
    """A worker does not know a model and cannot ask the control plane whether it is new; another worker may have it."""


class DeadlineError(PretzelError, TimeoutError):
    """The deadline of the call passed before the answer was ready."""

    code = "DEADLINE_EXCEEDED"


class CancelledError(PretzelError):
    """The caller cancelled the call, and the work was stopped."""

    code = "CANCELLED"


class AnswersMayDifferWarning(UserWarning):
    """Some answers of a model, compiled or deployed without a sample, may differ from the library's."""


class BrokenImportersWarning(UserWarning):
    """The importers that an installed distribution ships cannot be loaded, so its estimators cannot be imported."""


def brief(error: Exception) -> str:
    """Return an error's message, truncated to fit in a status."""
    text = str(error).encode(errors="backslashreplace")
    return text.decode() if len(text) <= MOST_TEXT else text[:MOST_TEXT].decode(errors="ignore") + "..."


def renumbered(message: str, rows: Sequence[int]) -> str:
    """Return a message with its first ``row N`` replaced by ``row rows[N]``, its number in the caller's rows."""

    def replace(match: re.Match[str]) -> str:
        row = int(match[1])
        return f"row {rows[row]}" if row < len(rows) else match[0]

    return re.sub(r"\brow (\d{1,9})\b", replace, message, count=1)
