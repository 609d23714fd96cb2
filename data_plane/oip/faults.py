"""Errors of a request, in Triton's words where it has any."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.errors import DeadlineError, InputError, NotFoundError

SHOWN = 200
"""Characters of a name in a message."""


def quoted(name: str) -> str:
    """Return a name as messages show it."""
    return f"'{name[:SHOWN]}'"


def wrong(field: str, problem: str) -> InputError:
    """Return the error for one field of a request, which the details of the status name."""
    error = InputError(problem)
    error.field = field[:SHOWN]
    return error


def of_run(error: Exception, model: str) -> Exception:
    """Return the error for a run that raised one."""
    if isinstance(error, DeadlineError):
        return DeadlineError(f"Request timeout expired: {error}")
    if isinstance(error, InputError) and not error.field:
        return wrong("inputs", f"model {quoted(model)}: {error}")
    return error


def unknown_model(name: str) -> NotFoundError:
    """Return the error for a model that does not exist."""
    return NotFoundError(f"Request for unknown model: {quoted(name)} is not found")


def wrong_shape(name: str, model: str, expected: Iterable[int], got: Iterable[int]) -> InputError:
    """Return the error for an input of another shape."""
    problem = f"unexpected shape for input {quoted(name)} for model {quoted(model)}. Expected {dims(expected)}, got "
    return wrong(name, problem + dims(got))


def wrong_datatype(name: str, model: str, expected: str, got: str, reason: str = "") -> InputError:
    """Return the error for an input of another datatype."""
    problem = f"inference input {quoted(name)} data-type is '{got[:20]}', but model {quoted(model)} expects"
    return wrong(name, f"{problem} '{expected}'{reason}")


def dims(shape: Iterable[int]) -> str:
    """Return a shape as Triton prints it."""
    shown = [str(size) for size in shape]
    return f"[{','.join(shown[:8])}{',...' if len(shown) > 8 else ''}]"
