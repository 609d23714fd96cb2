"""Limits of identities: what one may store, deploy and call; read from the file of identities."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pretzel.errors import ExhaustedError
from pretzel.serving.settings import bytes_of

NONE: Literal["none"] = "none"
"""Lifts a limit that the others have."""
MOST = 1 << 53
"""Largest limit: doubles have every number up to it."""
T = TypeVar("T")


def _number(value: Any) -> Any:
    """Return a value; a boolean, which Python takes for a number, is none."""
    if isinstance(value, bool):
        raise ValueError(f"{value}: expected a number of at least 0, or {NONE!r}")
    return value


def _limit(kind: Any, read: Any = _number) -> Any:
    """Return the type of a limit: a number, or none."""
    number = Annotated[kind, Field(strict=True, ge=0, le=MOST, allow_inf_nan=False) if kind is float else _WHOLE]
    return Annotated[number | Literal["none"] | None, BeforeValidator(read)]


_WHOLE = Field(strict=True, ge=0, le=MOST)
Count, Size, Rate = _limit(int), _limit(int, lambda value: bytes_of(_number(value))), _limit(float)


class Limits(BaseModel):
    """The limits of one identity; a missing one is that of ``[limits]``, and without that there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    objects: Count = None
    """Objects that its versions and its uploads need."""
    bytes: Size = None
    """Bytes of these objects, also as ``10GiB``."""
    models: Count = None
    """Models that it created."""
    versions: Count = None
    """Versions that it created."""
    deployments_per_minute: Rate = None
    """Deployments, of each control plane."""
    calls_per_second: Rate = None
    """Calls, of each worker."""
    rows_per_second: Rate = None
    """Rows that are scored, of each worker: a call for several models scores its rows with each."""
    concurrent_calls: Count = None
    """Calls that run at the same time, of each worker; an open stream is one."""

    def over(self, others: Limits) -> Limits:
        """Return these limits, and those of ``others`` where there is none here."""
        return Limits(**{**others.given, **self.given})

    @property
    def given(self) -> dict[str, Any]:
        """Return the limits that are stated, also those that are lifted."""
        return {name: value for name, value in self if value is not None}

    @property
    def numbers(self) -> dict[str, float]:
        """Return the limits that are in force."""
        return {name: value for name, value in self.given.items() if value != NONE}

    def of_calls(self) -> dict[str, float]:
        """Return those of workers that are in force."""
        return {name: value for name, value in self.numbers.items() if name in OF_CALLS}


OF_CALLS = ("calls_per_second", "rows_per_second", "concurrent_calls")
"""Limits that workers keep; control planes keep the others."""
NO_LIMITS = Limits()


def exceeded(identity: str, limit: str, said: str, contact: str, after: float | None) -> ExhaustedError:
    """Return the error of a limit: ``said`` has its value and the present use, ``after`` when to return."""
    back = "" if after is None else f"; retry in {after:.3g} s"
    error = ExhaustedError(f"identity {identity!r}: {said} ({limit}){back}; {contact} sets this limit")
    error.retry_after = after
    return error


def renewed(error: ExhaustedError) -> ExhaustedError:
    """Return an error like one that is kept: raising that would let its traceback grow."""
    again = ExhaustedError(str(error))
    again.retry_after = error.retry_after
    return again
